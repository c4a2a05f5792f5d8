/** `flock(2)` through the system's C library: the only lock that holds across pid namespaces and dies with us. */
import { dlopen, FFIType, read } from "bun:ffi";

export type FlockResult = { status: "locked" } | { status: "held" } | { status: "failed"; errno: number };

const LOCK_EXCLUSIVE_NONBLOCKING = 2 | 4; // LOCK_EX | LOCK_NB, the same on Linux and macOS.
const INTERRUPTED = 4; // EINTR
const WOULD_BLOCK = process.platform === "darwin" ? 35 : 11; // EWOULDBLOCK

// Another thread's or the runtime's own call can only be in the way for an instant.
const INTERRUPTED_RETRIES_MAX = 10;

function openLibrary() {
  const isMac = process.platform === "darwin";
  const flock = { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } as const;
  const errno = { args: [], returns: FFIType.ptr } as const;
  if (isMac) {
    const { symbols } = dlopen("libSystem.B.dylib", { flock, __error: errno });
    return { flock: symbols.flock, errno: symbols.__error };
  }
  const { symbols } = dlopen("libc.so.6", { flock, __errno_location: errno });
  return { flock: symbols.flock, errno: symbols.__errno_location };
}

let library: ReturnType<typeof openLibrary> | undefined;

/** Tries once, without waiting, to take the exclusive lock of an open file; closing the file gives it back. */
export function tryFlock(fileDescriptor: number): FlockResult {
  library ??= openLibrary();
  for (let attempt = 0; attempt < INTERRUPTED_RETRIES_MAX; attempt++) {
    if (library.flock(fileDescriptor, LOCK_EXCLUSIVE_NONBLOCKING) === 0) return { status: "locked" };
    const address = library.errno();
    const errno = address === null ? 0 : read.i32(address, 0);
    if (errno === WOULD_BLOCK) return { status: "held" };
    if (errno !== INTERRUPTED) return { status: "failed", errno };
  }
  return { status: "failed", errno: INTERRUPTED };
}
