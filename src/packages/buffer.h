/* buffer.h - struct Buffer of package bytes. */
#ifndef KP_BUFFER_H
#define KP_BUFFER_H

#include "packages/package.h"

extern const kp_package kp_bytes;
extern const kp_struct kp_bytes_buffer;

#endif
