/** A real OpenSSH server on loopback, which belongs to the test alone. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert } from "../../base/assert.ts";

/** Programs that the tests need; both come with Debian's `openssh-server`. */
export const SSHD_PROGRAM = "sshd";

export interface Sshd {
  readonly port: number;
  readonly username: string;
  /** Folder for whatever the test puts on the device. */
  readonly devicePath: string;
  /** A private key that the server accepts. */
  readonly keyPath: string;
  /** The same, behind the passphrase `open sesame`. */
  readonly lockedKeyPath: string;
  /** A private key that it does not accept. */
  readonly strangeKeyPath: string;
  /** The private host key. */
  readonly hostKeyPath: string;
  /** The host key as known_hosts has it, without the name: type and Base64. */
  readonly hostKey: string;
  /** The key of some other host. */
  readonly otherHostKey: string;
  close(): Promise<void>;
}

async function run(command: string[]): Promise<string> {
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
  const [code, output = "", complaint] = await Promise.all([child.exited, ...texts]);
  assert(code === 0, `${command[0]} failed: ${complaint}`);
  return output;
}

async function makeKey(path: string, passphrase = ""): Promise<string> {
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", path]);
  const [type, base64] = (await readFile(`${path}.pub`, "utf8")).split(" ");
  return `${type} ${base64}`;
}

/** A port that was free a moment ago: the server takes none by itself. */
function findFreePort(): number {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

/** Starts the server. */
export async function startSshd(program: string): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), "multitap-sshd-"));
  const at = (name: string) => join(folder, name);
  // Where it runs as root it wants this folder, which the service's start makes otherwise.
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  await mkdir(at("device"));
  const hostKey = await makeKey(at("host"));
  const otherHostKey = await makeKey(at("other-host"));
  const accepted = [await makeKey(at("key")), await makeKey(at("locked"), "open sesame")];
  await makeKey(at("strange"));
  await writeFile(at("authorized_keys"), `${accepted.join("\n")}\n`);
  const port = findFreePort();
  await writeFile(at("config"), toConfig(folder, port));
  const child = Bun.spawn([program, "-D", "-e", "-f", at("config")], { stdout: "ignore", stderr: "ignore" });
  await waitForPort(port);
  const username = (await run(["id", "-un"])).trim();
  return {
    port,
    username,
    devicePath: at("device"),
    keyPath: at("key"),
    lockedKeyPath: at("locked"),
    strangeKeyPath: at("strange"),
    hostKeyPath: at("host"),
    hostKey,
    otherHostKey,
    async close() {
      child.kill();
      await child.exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function toConfig(folder: string, port: number): string {
  return [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${folder}/host`,
    "PidFile none",
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    "StrictModes no",
    "UsePAM no",
    "PermitRootLogin yes",
    "PasswordAuthentication yes",
    "Subsystem sftp internal-sftp",
    "",
  ].join("\n");
}

async function waitForPort(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => undefined } });
      socket.end();
      return;
    } catch (error) {
      assert(error instanceof Error, "connecting fails with an error");
      await Bun.sleep(50);
    }
  }
  assert(false, "sshd did not start");
}

/** A way to the server that ends on a word: after so many bytes from it, or at once. */
export interface CutLine {
  readonly port: number;
  /** Ends every connection after so many further bytes came from the server, or went to it. */
  cutAfter(side: "fromServer" | "toServer", bytes: number): void;
  /** Lets everything through again. */
  mend(): void;
  close(): void;
}

/** Opens such a way. */
export function openCutLine(target: number): CutLine {
  let budget: { side: "fromServer" | "toServer"; bytes: number } | null = null;
  type Link = { peer: Bun.Socket<Link> | null; waiting: Buffer[] };
  const links = new Set<Bun.Socket<Link>>();
  const pass = (side: "fromServer" | "toServer", from: Bun.Socket<Link>, bytes: Buffer) => {
    if (budget?.side === side) {
      budget.bytes -= bytes.length;
      if (budget.bytes < 0) {
        from.data.peer?.terminate();
        from.terminate();
        return;
      }
    }
    if (from.data.peer === null) from.data.waiting.push(Buffer.from(bytes));
    else from.data.peer.write(bytes);
  };
  const server = Bun.listen<Link>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      async open(socket) {
        socket.data = { peer: null, waiting: [] };
        links.add(socket);
        const peer = await Bun.connect<Link>({
          hostname: "127.0.0.1",
          port: target,
          data: { peer: socket, waiting: [] },
          socket: {
            data: (from, bytes) => pass("fromServer", from, bytes),
            close: () => void socket.end(),
          },
        });
        socket.data.peer = peer;
        for (const bytes of socket.data.waiting) peer.write(bytes);
      },
      data: (from, bytes) => pass("toServer", from, bytes),
      close(socket) {
        links.delete(socket);
        socket.data.peer?.end();
      },
    },
  });
  return {
    port: server.port,
    cutAfter: (side, bytes) => {
      budget = { side, bytes };
    },
    mend: () => {
      budget = null;
    },
    close: () => server.stop(true),
  };
}
