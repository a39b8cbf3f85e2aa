"""pipe.py ROLE PORT [options] - python as a TLS peer: standard input goes to the other side, what
comes goes to standard output. Role client or server (of one connection), or echo: a server that
gives back what it gets.

The end of the input ends our direction (close_notify); the end of theirs ends the program. Says on
standard error what was agreed. One thread: Python's SSL objects are not safe for two."""
import argparse
import os
import select
import socket
import ssl
import sys


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["client", "server", "echo"])
    parser.add_argument("port", type=int)
    for name in ("version", "ca", "cert", "key", "alpn", "sni"):
        parser.add_argument("--" + name)
    parser.add_argument("--verify", action="store_true", help="a server asks for a certificate")
    parser.add_argument("--again", type=int, default=0, help="a client resumes so many times first")
    return parser.parse_args()


def make_context(args):
    client = args.role == "client"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if client else ssl.PROTOCOL_TLS_SERVER)
    if args.version:
        only = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[args.version]
        context.minimum_version = context.maximum_version = only
    if args.ca:
        context.load_verify_locations(args.ca)
    if args.verify:
        context.verify_mode = ssl.CERT_REQUIRED
    if args.cert:
        context.load_cert_chain(args.cert, args.key)
    if args.alpn:
        context.set_alpn_protocols(args.alpn.split(","))
    if not client:
        context.sni_callback = lambda _s, name, _c: print("sni", name, file=sys.stderr, flush=True)
    return context


def say(tls):
    print("open", tls.version(), "alpn=%s" % tls.selected_alpn_protocol(),
          "reused=%s" % tls.session_reused, file=sys.stderr, flush=True)


def end_sending(tls):
    """Send close_notify; what still comes is read afterwards."""
    try:
        tls.unwrap()
    except (ssl.SSLWantReadError, ssl.SSLError):
        pass


def write_some(tls, data):
    try:
        return tls.send(data)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return 0


def read_some(tls):
    """Bytes, b"" at the end, None if there is nothing yet."""
    try:
        return tls.recv(65536)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None
    except ssl.SSLZeroReturnError:
        return b""


def relay(tls):
    tls.setblocking(False)
    waiting, open_input = b"", True
    while True:
        reads = [tls] + ([0] if open_input and not waiting else [])
        ready = [tls] if tls.pending() else select.select(reads, [tls] if waiting else [], [])[0]
        if 0 in ready:
            waiting = os.read(0, 65536)
            if not waiting:
                open_input = False
                end_sending(tls)
        if waiting:
            waiting = waiting[write_some(tls, waiting[:16384]):]
        got = read_some(tls)
        if got == b"":
            return
        if got:
            sys.stdout.buffer.write(got)
            sys.stdout.buffer.flush()


def client(args, context):
    session = None
    for turn in range(args.again + 1):
        with socket.create_connection(("127.0.0.1", args.port), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname=args.sni or "127.0.0.1",
                                     session=session) as tls:
                say(tls)
                if turn == args.again:
                    return relay(tls)
                tls.sendall(b"x")
                tls.recv(1)  # tickets come with the data
                session = tls.session


def echo(tls):
    while True:
        data = tls.recv(65536)
        if not data:
            return
        tls.sendall(data)


def serve(args, context):
    with socket.create_server(("127.0.0.1", args.port)) as listener:
        while True:
            plain, _ = listener.accept()
            try:
                with context.wrap_socket(plain, server_side=True) as tls:
                    say(tls)
                    (echo if args.role == "echo" else relay)(tls)
            except OSError as why:
                print("fault", why, file=sys.stderr, flush=True)
            if args.role == "server":
                return


def main():
    args = arguments()
    (client if args.role == "client" else serve)(args, make_context(args))


if __name__ == "__main__":
    main()
