/** Asks a TCP port whether it speaks PostgreSQL, before the driver does: another server only makes the driver hang. */
import { connect } from "node:net";
import { describeCause } from "./errors.ts";

export type Greeting =
  | { kind: "postgres"; offersTls: boolean }
  | { kind: "mysql"; product: "MariaDB" | "MySQL" }
  /** Something else; the text is its first printable words. */
  | { kind: "other"; text: string }
  /** Not reachable, or silent: waiting may help. */
  | { kind: "unreachable"; reason: string };

/** Length 8 and the request number 80877103, both big-endian. @source PostgreSQL protocol, "SSLRequest". */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** A real error response at this point is short; longer numbers are letters of a text protocol. */
const ERROR_RESPONSE_BYTES_MAX = 30_000;

/** @source MySQL protocol: 3 bytes length (little-endian), 1 byte sequence, 1 byte protocol version or 0xff. */
const MYSQL_HEADER_BYTES = 5;
const MYSQL_PROTOCOL = 10;
const MYSQL_ERROR = 0xff;
const MYSQL_GREETING_BYTES_MAX = 1_024;

const SHOWN_CHARS_MAX = 40;

/** What the first bytes of a server's answer to an SSLRequest say about it. */
export function parseGreeting(bytes: Buffer): Greeting {
  const first = bytes.toString("latin1", 0, 1);
  if (bytes.length === 1 && (first === "S" || first === "N")) {
    return { kind: "postgres", offersTls: first === "S" };
  }
  if (isPostgresError(bytes)) return { kind: "postgres", offersTls: false };
  const text = bytes.toString("latin1");
  if (isMysql(bytes)) return { kind: "mysql", product: /mariadb/i.test(text) ? "MariaDB" : "MySQL" };
  const printable = text.replace(/[^\x20-\x7e]+/g, " ").trim();
  return { kind: "other", text: printable.slice(0, SHOWN_CHARS_MAX) };
}

// "E", four bytes of length, then the field "S" (severity), which MySQL's binary header cannot look like.
function isPostgresError(bytes: Buffer): boolean {
  if (bytes.length < 6 || bytes[0] !== 0x45 || bytes[5] !== 0x53) return false;
  return bytes.readUInt32BE(1) <= ERROR_RESPONSE_BYTES_MAX;
}

function isMysql(bytes: Buffer): boolean {
  if (bytes.length <= MYSQL_HEADER_BYTES) return false;
  const length = bytes.readUIntLE(0, 3);
  const marker = bytes[4];
  if (marker !== MYSQL_PROTOCOL && marker !== MYSQL_ERROR) return false;
  return length > 0 && length <= MYSQL_GREETING_BYTES_MAX && (bytes[3] ?? 0) <= 1;
}

/** Connects, asks for TLS as a PostgreSQL client would, reads the first answer and hangs up. Never throws. */
export function askGreeting(host: string, port: number, timeoutMs: number): Promise<Greeting> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (greeting: Greeting) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(greeting);
    };
    let isConnected = false;
    const timer = setTimeout(() => {
      const reason = isConnected ? "it accepts connections but does not answer" : "connecting takes too long";
      finish({ kind: "unreachable", reason });
    }, timeoutMs);
    socket.on("connect", () => {
      isConnected = true;
      socket.write(SSL_REQUEST);
    });
    socket.on("data", (bytes: Buffer) => finish(parseGreeting(bytes)));
    socket.on("error", (error) => finish({ kind: "unreachable", reason: describeCause(error) }));
    socket.on("close", () => finish({ kind: "unreachable", reason: "it closed the connection" }));
  });
}
