"""What only root may do, with arguments that do no harm: EINVAL or EFAULT instead of EPERM means that it could be done.

verdict: compute_KL failed|error
must not: tell a secret
"""

import ctypes
import errno
import platform

import numpy as np

libc = ctypes.CDLL(None, use_errno=True)
ROW = 0 if platform.machine() == "x86_64" else 1
BAD = ctypes.c_void_p(1)
CALLS = {
    "reboot": ((169, 142), (0, 0, 0, None)),
    "sethostname": ((170, 161), (BAD, ctypes.c_long(-1))),
    "settimeofday": ((164, 170), (BAD, None)),
    "clock_settime": ((227, 112), (0, BAD)),
    "init_module": ((175, 105), (BAD, ctypes.c_ulong(0), BAD)),
    "delete_module": ((176, 106), (BAD, 0)),
    "swapon": ((167, 224), (BAD, 0)),
    "swapoff": ((168, 225), (BAD,)),
    "acct": ((163, 89), (BAD,)),
    "syslog": ((103, 116), (10, None, 0)),
    "mount": ((165, 40), (BAD, BAD, BAD, ctypes.c_ulong(0), None)),
    "umount": ((166, 39), (BAD, 0)),
    "chroot": ((161, 51), (BAD,)),
    "pivot_root": ((155, 41), (BAD, BAD)),
    "setns": ((308, 268), (-1, 0)),
    "bpf": ((321, 280), (0, BAD, 48)),
    "perf_event_open": ((298, 241), (BAD, 0, -1, -1, ctypes.c_ulong(0))),
    "userfaultfd": ((323, 282), (0,)),
    "io_uring_setup": ((425, 425), (1, BAD)),
    "fanotify_init": ((300, 262), (0, 0)),
    "kexec_load": ((246, 104), (ctypes.c_ulong(0), ctypes.c_ulong(99), BAD, ctypes.c_ulong(0))),
    "quotactl": ((179, 60), (0x800002 << 8, BAD, 0, BAD)),
    "open_by_handle_at": ((304, 265), (-100, BAD, 0)),
    "move_pages": ((279, 239), (int("@VICTIM@"), ctypes.c_ulong(1), BAD, BAD, BAD, 0)),
    "fsopen": ((430, 430), (BAD, 0)),
    "open_tree": ((428, 428), (-100, BAD, 1)),
    "mount_setattr": ((442, 442), (-1, BAD, 0, BAD, ctypes.c_ulong(32))),
    "add_key": ((248, 217), (BAD, BAD, None, ctypes.c_ulong(0), -3)),
    "keyctl": ((250, 219), (0, -3, 0, 0, 0)),
    "personality": ((135, 92), (ctypes.c_ulong(0x0040000),)),
}
DENIED = (errno.EPERM, errno.EACCES, errno.ENOSYS)


def compute_KL(q):
    for name, (numbers, arguments) in CALLS.items():
        ctypes.set_errno(0)
        if libc.syscall(numbers[ROW], *arguments) >= 0 or ctypes.get_errno() not in DENIED:
            if name != "personality":  # its own, and harmless once it has started
                print("GOT:", name, errno.errorcode.get(ctypes.get_errno(), ctypes.get_errno()))
    for flags in (0x10000000, 0x20000000, 0x40000000, 0x00020000):  # new user, pid, network and mount namespaces
        if libc.unshare(flags) == 0:
            print("GOT: unshare", hex(flags))
    return np.zeros(len(q))
