"""A filter of system calls: what a submission has no business with fails with EPERM, or does nothing.

`program(machine, pid)` is the filter as a list of instructions of the kernel's classic BPF, `install` puts it in force.
It has to close what Landlock leaves open: other processes, the network, and changes of files' modes, times and lengths.

Calls are named in TABLE, and refused unless `conditions` says more. A call that is newer than the table does not exist
for a submission (ENOSYS): the C library then takes an older one.
"""

import ctypes
import errno
import os
import struct
from typing import NamedTuple

# name:number on x86-64:number on aarch64, which never had some of them
TABLE = """\
# processes: a submission has threads, no children
fork:57:- vfork:58:- clone:56:220 clone3:435:435 execve:59:221 execveat:322:281 setsid:112:157 setpgid:109:154
# other processes
ptrace:101:117 process_vm_readv:310:270 process_vm_writev:311:271 process_madvise:440:440 process_mrelease:448:448
kcmp:312:272 pidfd_open:434:434 pidfd_getfd:438:438 pidfd_send_signal:424:424 kill:62:129 tkill:200:130 tgkill:234:131
rt_sigqueueinfo:129:138 rt_tgsigqueueinfo:297:240 prlimit64:302:261 setrlimit:160:164 sched_setaffinity:203:122
sched_setscheduler:144:119 sched_setparam:142:118 sched_setattr:314:274 setpriority:141:140 ioprio_set:251:30
migrate_pages:256:238 move_pages:279:239 prctl:157:167
# the network, and memory and messages that outlive a process
socket:41:198 socketpair:53:199 connect:42:203 bind:49:200 setsockopt:54:208 sendmsg:46:211 sendmmsg:307:269
shmget:29:194 shmat:30:196 shmctl:31:195 semget:64:190 semop:65:193 semtimedop:220:192 semctl:66:191 msgget:68:186
msgsnd:69:189 msgrcv:70:188 msgctl:71:187 mq_open:240:180 mq_unlink:241:181 memfd_create:319:279 memfd_secret:447:447
# parts of the kernel that a submission has no business with
io_uring_setup:425:425 io_uring_enter:426:426 io_uring_register:427:427 bpf:321:280 perf_event_open:298:241
userfaultfd:323:282 keyctl:250:219 add_key:248:217 request_key:249:218 fanotify_init:300:262 inotify_init:253:-
inotify_init1:294:26 personality:135:92 modify_ldt:154:- iopl:172:- ioperm:173:- syslog:103:116 lookup_dcookie:212:18
uselib:134:- io_setup:206:0
# what is mounted where
mount:165:40 umount2:166:39 pivot_root:155:41 chroot:161:51 unshare:272:97 setns:308:268 open_tree:428:428
move_mount:429:429 fsopen:430:430 fsconfig:431:431 fsmount:432:432 fspick:433:433 mount_setattr:442:442
name_to_handle_at:303:264 open_by_handle_at:304:265
# files: what Landlock does not restrict, or not in every version
chmod:90:- fchmod:91:52 fchmodat:268:53 chown:92:- lchown:94:- fchown:93:55 fchownat:260:54 utime:132:- utimes:235:-
futimesat:261:- utimensat:280:88 setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7 removexattr:197:14 lremovexattr:198:15
fremovexattr:199:16 truncate:76:45 mknod:133:- mknodat:259:33 open:2:- openat:257:56 openat2:437:437 ioctl:16:29
fcntl:72:25
# other users
setuid:105:146 setgid:106:144 setreuid:113:145 setregid:114:143 setresuid:117:147 setresgid:119:149 setgroups:116:159
setfsuid:122:151 setfsgid:123:152 capset:126:91
# the whole machine
reboot:169:142 kexec_load:246:104 kexec_file_load:320:294 init_module:175:105 finit_module:313:273
delete_module:176:106 swapon:167:224 swapoff:168:225 acct:163:89 settimeofday:164:170 clock_settime:227:112
clock_adjtime:305:266 adjtimex:159:171 sethostname:170:161 setdomainname:171:162 quotactl:179:60 quotactl_fd:443:443
vhangup:153:58
"""
NEWEST = 451  # of the calls in the table and the harmless ones before it; the same on both

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_*
X32 = 0x40000000  # x86-64 has a second set of numbers from here on


class Condition(NamedTuple):
    """The call goes on only if its argument, masked, is one of `values` (or, with `not_in`, is none of them).

    Only the lower 32 bits are looked at: the kernel takes these arguments as an int. `high` looks at the others.
    """

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    not_in: bool = False
    high: bool = False


CLONE_THREAD = 0x00010000
CLONE_NEW = 0x7E020000  # any new namespace
AF_UNIX, SOCK_STREAM = 1, 1
O_ACCMODE, O_TRUNC = 0o3, 0o1000
F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY = 8, 10, 15, 1024, 1026
PR_SET_PDEATHSIG, PR_SET_PTRACER = 1, 0x59616D61
# Those of isatty, get_terminal_size, set_inheritable and set_blocking. Others type on a terminal or seal a file.
IOCTLS = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)


def conditions(pid):
    """What the calls that are not refused altogether may be given, in the process of this number."""
    # The kernel would truncate a file that is opened for reading, and Landlock's first versions let it.
    no_truncation = {"values": (O_TRUNC, O_TRUNC | O_ACCMODE), "mask": O_TRUNC | O_ACCMODE, "not_in": True}
    only_itself = (Condition(0, (0, pid)),)
    return {
        "clone": (Condition(0, (CLONE_THREAD,), mask=CLONE_THREAD | CLONE_NEW),),
        "kill": (Condition(0, (pid,)),),  # 0 is the whole group
        "tkill": (Condition(0, (pid,)),),
        "tgkill": (Condition(0, (pid,)),),
        # Limits can be read and not set: root could raise them.
        "prlimit64": (*only_itself, Condition(2, (0,)), Condition(2, (0,), high=True)),
        "sched_setaffinity": only_itself,
        "sched_setscheduler": only_itself,
        "sched_setparam": only_itself,
        "sched_setattr": only_itself,
        # asyncio needs a pair. One of datagrams could write to the sockets of others.
        "socketpair": (Condition(0, (AF_UNIX,)), Condition(1, (SOCK_STREAM,), mask=0xF)),
        "prctl": (Condition(0, (PR_SET_PDEATHSIG, PR_SET_PTRACER), not_in=True),),
        "open": (Condition(1, **no_truncation),),
        "openat": (Condition(2, **no_truncation),),
        "ioctl": (Condition(1, IOCTLS),),
        # The kernel sends the signal of one's choice to the owner of a descriptor.
        "fcntl": (Condition(1, (F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY), not_in=True),),
    }


ABSENT = ("clone3", "openat2")  # their arguments lie in memory, where no filter sees them
# These do nothing and say that they did: shutil.copy sets the mode of its copy, and must not that of another file.
IGNORED = ("chmod", "fchmod", "fchmodat", "utime", "utimes", "futimesat", "utimensat")

# Instructions: load a word of the call, jump if equal, if greater, and with a mask; give a verdict.
LOAD, AND, JUMP, JUMP_GREATER, RETURN = 0x20, 0x54, 0x15, 0x25, 0x06
ALLOW, KILL_PROCESS = 0x7FFF0000, 0x80000000
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16  # in the kernel's struct seccomp_data


def error(number):
    """The verdict: the call fails with this errno."""
    return 0x00050000 | number


def numbers(machine):
    """{name: number} of the calls in the table that this architecture has."""
    column = 1 + list(ARCHITECTURES).index(machine)
    rows = [row.split(":") for line in TABLE.splitlines() if not line.startswith("#") for row in line.split()]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def program(machine, pid):
    """The filter as a list of (operation, jump if true, jump if false, operand)."""
    instructions = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP, 1, 0, ARCHITECTURES[machine]),
        (RETURN, 0, 0, KILL_PROCESS),  # a call of 32-bit programs has another number
        (LOAD, 0, 0, NUMBER_AT),
        (JUMP_GREATER, 0, 1, X32 - 1),
        (RETURN, 0, 0, KILL_PROCESS),
        (JUMP_GREATER, 0, 1, NEWEST),
        (RETURN, 0, 0, error(errno.ENOSYS)),
    ]
    allowed = conditions(pid)
    for name, number in numbers(machine).items():
        if name in ABSENT:
            block = [(RETURN, 0, 0, error(errno.ENOSYS))]
        elif name in IGNORED:
            block = [(RETURN, 0, 0, error(0))]
        elif name in allowed:
            block = [step for condition in allowed[name] for step in _check(condition)] + [(RETURN, 0, 0, ALLOW)]
        else:
            block = [(RETURN, 0, 0, error(errno.EPERM))]
        instructions += [(JUMP, 0, len(block), number), *block]  # a block ends with a verdict
    return [*instructions, (RETURN, 0, 0, ALLOW)]


def _check(condition):
    """Instructions that go on behind themselves where the condition holds, and refuse the call elsewhere."""
    refuse = (RETURN, 0, 0, error(errno.EPERM))
    n = len(condition.values)
    if condition.not_in:  # each equal value jumps to the refusal, which the last one else jumps over
        tests = [(JUMP, n - 1 - i, int(i == n - 1), value) for i, value in enumerate(condition.values)]
    else:
        tests = [(JUMP, n - i, 0, value) for i, value in enumerate(condition.values)]
    at = ARGUMENTS_AT + 8 * condition.argument + 4 * condition.high  # both are little-endian
    return [(LOAD, 0, 0, at), (AND, 0, 0, condition.mask), *tests, refuse]


def install():
    """Put the filter in force for this thread and all that it starts, for good."""
    instructions = program(os.uname().machine, os.getpid())
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    buffer = ctypes.create_string_buffer(code, len(code))
    pointer = struct.pack("@HP", len(instructions), ctypes.addressof(buffer))
    PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.c_char_p(pointer), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")
