"""The jail's system call filters, assembled by hand as classic BPF programs (linux/seccomp.h, linux/filter.h).

Two filters. ``OUTER`` is loaded by bubblewrap: no network, no other namespaces, no kernel machinery that parsers never need.
``NO_NEW_PROCESSES`` is loaded on top by the process that touches the untrusted bytes, and by each tool it has started: threads yes,
processes no, so that nothing can multiply, whatever the limits of the user it runs as. Numbers were compared with libseccomp's table.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_LOAD, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NR, _ARCH, _ARG0 = 0, 4, 16  # offsets in struct seccomp_data, little endian
_X32 = 0x40000000  # x86-64's second table: the same calls under other numbers, so it is closed

# CLONE_NEWTIME | NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
_CLONE_NAMESPACES = 0x7E020000
_CLONE_THREAD = 0x00010000

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_DENIED = {
    "x86_64": {
        "socket": 41, "connect": 42, "accept": 43, "bind": 49, "listen": 50, "accept4": 288, "ptrace": 101, "process_vm_readv": 310,
        "process_vm_writev": 311, "mount": 165, "umount2": 166, "pivot_root": 155, "open_tree": 428, "move_mount": 429, "fsopen": 430,
        "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442, "keyctl": 250, "add_key": 248, "request_key": 249,
        "bpf": 321, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "unshare": 272, "setns": 308,
        "perf_event_open": 298, "userfaultfd": 323, "kexec_load": 246, "kexec_file_load": 320, "init_module": 175, "finit_module": 313,
        "delete_module": 176, "open_by_handle_at": 304, "name_to_handle_at": 303, "quotactl": 179, "reboot": 169, "swapon": 167,
        "swapoff": 168, "acct": 163, "chroot": 161, "settimeofday": 164, "clock_settime": 227, "clock_adjtime": 305, "syslog": 103,
        "personality": 135, "iopl": 172, "ioperm": 173, "kcmp": 312, "pidfd_getfd": 438, "memfd_secret": 447, "mknod": 133,
        "mknodat": 259, "process_madvise": 440, "memfd_create": 319, "shmget": 29,
    },
    "aarch64": {
        "socket": 198, "connect": 203, "accept": 202, "bind": 200, "listen": 201, "accept4": 242, "ptrace": 117,
        "process_vm_readv": 270, "process_vm_writev": 271, "mount": 40, "umount2": 39, "pivot_root": 41, "open_tree": 428,
        "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442, "keyctl": 219,
        "add_key": 217, "request_key": 218, "bpf": 280, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
        "unshare": 97, "setns": 268, "perf_event_open": 241, "userfaultfd": 282, "kexec_load": 104, "kexec_file_load": 294,
        "init_module": 105, "finit_module": 273, "delete_module": 106, "open_by_handle_at": 265, "name_to_handle_at": 264,
        "quotactl": 60, "reboot": 142, "swapon": 224, "swapoff": 225, "acct": 89, "chroot": 51, "settimeofday": 170,
        "clock_settime": 112, "clock_adjtime": 266, "syslog": 116, "personality": 92, "kcmp": 272, "pidfd_getfd": 438,
        "memfd_secret": 447, "mknodat": 33, "process_madvise": 440, "memfd_create": 279,
        "shmget": 194,
    },
}  # fmt: skip
_PROCESSES = {"x86_64": {"fork": 57, "vfork": 58}, "aarch64": {}}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435  # its flags lie in memory where a filter cannot look: it "does not exist", and the C library falls back to clone

_Step = tuple[int, int, int, int]


def _op(code: int, value: int, yes: int = 0, no: int = 0) -> _Step:
    return code, yes, no, value


def _deny(number: int, error: int) -> list[_Step]:
    return [_op(_JEQ, number, 0, 1), _op(_RETURN, _ERRNO | error)]


def _preamble(machine: str) -> list[_Step]:
    steps = [_op(_LOAD, _ARCH), _op(_JEQ, _AUDIT_ARCH[machine], 1, 0), _op(_RETURN, _KILL), _op(_LOAD, _NR)]
    if machine == "x86_64":
        steps += [_op(_JGE, _X32, 0, 1), _op(_RETURN, _KILL)]
    return steps


def _packed(steps: list[_Step]) -> bytes:
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def supported() -> bool:
    """Whether this machine's system call table is known here."""
    return platform.machine() in _AUDIT_ARCH


def outer() -> bytes:
    """The filter of everything in the jail, for ``bwrap --seccomp``."""
    denied = _DENIED[platform.machine()].values()
    return _filter(denied, errno.EPERM, clone=_op(_JSET, _CLONE_NAMESPACES, 0, 1))


def no_new_processes() -> bytes:
    """The filter of one process that may start threads and nothing else."""
    return _filter(_PROCESSES[platform.machine()].values(), errno.EAGAIN, clone=_op(_JSET, _CLONE_THREAD, 1, 0))


def _filter(denied: Iterable[int], error: int, *, clone: _Step) -> bytes:
    """A program that answers ``error`` to the denied calls and to a clone whose flags ``clone`` does not jump over."""
    machine = platform.machine()
    steps = _preamble(machine)
    for number in denied:
        steps += _deny(number, error)
    steps += _deny(_CLONE3, errno.ENOSYS)
    steps += [_op(_JEQ, _CLONE[machine], 0, 3), _op(_LOAD, _ARG0), clone]
    steps += [_op(_RETURN, _ERRNO | error), _op(_RETURN, _ALLOW)]
    return _packed(steps)


@contextmanager
def outer_file() -> Iterator[int]:
    """``outer`` in an anonymous file that bubblewrap reads by its number."""
    fd = os.memfd_create("filter")
    try:
        os.write(fd, outer())
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_libc = ctypes.CDLL(None, use_errno=True)


def load(program: bytes) -> None:
    """Put this thread, and all that it starts, under a filter for good. ``OSError`` when the kernel refuses. Safe between fork and exec."""
    code = ctypes.create_string_buffer(program, len(program))
    given = _Program(len(program) // 8, ctypes.cast(code, ctypes.c_void_p))
    for arguments in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(given), 0, 0)):
        if _libc.prctl(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
