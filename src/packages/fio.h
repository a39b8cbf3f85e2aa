/* fio.h - what the files of package fio give its table: the functions of scripts, by their names. */
#ifndef KP_FIO_H
#define KP_FIO_H

#include "packages/package.h"

extern const kp_package kp_fio;

/* fio_content.c */
kw_result kp_fio_content_read(kw_vm *vm, kw_call *call);
kw_result kp_fio_content_readlines(kw_vm *vm, kw_call *call);
kw_result kp_fio_content_readbytes(kw_vm *vm, kw_call *call);
kw_result kp_fio_content_readslice(kw_vm *vm, kw_call *call);
kw_result kp_fio_content_filesize(kw_vm *vm, kw_call *call);
kw_result kp_fio_content_write(kw_vm *vm, kw_call *call);
kw_result kp_fio_content_append(kw_vm *vm, kw_call *call);
kw_result kp_fio_content_touch(kw_vm *vm, kw_call *call);
kw_result kp_fio_content_create(kw_vm *vm, kw_call *call);
kw_result kp_fio_content_writeln(kw_vm *vm, kw_call *call);
kw_result kp_fio_content_writebytes(kw_vm *vm, kw_call *call);
kw_result kp_fio_content_writeslice(kw_vm *vm, kw_call *call);

/* fio_info.c */
kw_result kp_fio_info_exists(kw_vm *vm, kw_call *call);
kw_result kp_fio_info_isfile(kw_vm *vm, kw_call *call);
kw_result kp_fio_info_isdir(kw_vm *vm, kw_call *call);
kw_result kp_fio_info_fileinfo(kw_vm *vm, kw_call *call);

/* fio_folder.c */
kw_result kp_fio_folder_copy(kw_vm *vm, kw_call *call);
kw_result kp_fio_folder_copyr(kw_vm *vm, kw_call *call);
kw_result kp_fio_folder_move(kw_vm *vm, kw_call *call);
kw_result kp_fio_folder_remove(kw_vm *vm, kw_call *call);
kw_result kp_fio_folder_rmdirf(kw_vm *vm, kw_call *call);
kw_result kp_fio_folder_mkdir(kw_vm *vm, kw_call *call);
kw_result kp_fio_folder_chdir(kw_vm *vm, kw_call *call);
kw_result kp_fio_folder_listdir(kw_vm *vm, kw_call *call);
kw_result kp_fio_folder_glob(kw_vm *vm, kw_call *call);
kw_result kp_fio_folder_cwd(kw_vm *vm, kw_call *call);
kw_result kp_fio_folder_tmpdir(kw_vm *vm, kw_call *call);
kw_result kp_fio_folder_tmpfile(kw_vm *vm, kw_call *call);

/* fio_file.c */
extern const kp_struct kp_fio_file;
kw_result kp_fio_file_open(kw_vm *vm, kw_call *call);

#endif
