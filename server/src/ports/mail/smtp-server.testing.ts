/** A small mail server for tests: takes every message on loopback, or misbehaves on request. */
import type { Socket } from "bun";
import type { MailMessage } from "./port.ts";

/** What the server does wrong; nothing unless said. */
export type SmtpFault = "silent" | "hangs-up" | "refuses-recipient" | "refuses-message";

export interface TestSmtpServer {
  readonly port: number;
  /** Messages that were taken, in order. */
  readonly messages: readonly MailMessage[];
  /** Every command line that came, passwords included. */
  readonly commands: readonly string[];
  /** Connections open now. */
  connectionCount(): number;
  close(): void;
}

interface Dialogue {
  pending: string;
  isInData: boolean;
}

/** Opens one on a free port. */
export function openSmtpServer(fault: SmtpFault | null = null): TestSmtpServer {
  const messages: MailMessage[] = [];
  const commands: string[] = [];
  const open = new Set<Socket<Dialogue>>();
  const answer = (socket: Socket<Dialogue>, line: string): void => {
    commands.push(line);
    const reply = replyTo(line, fault);
    if (reply.startsWith("354")) socket.data.isInData = true;
    socket.write(`${reply}\r\n`);
    if (reply.startsWith("221")) socket.end();
  };
  const server = Bun.listen<Dialogue>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { pending: "", isInData: false };
        open.add(socket);
        if (fault === "hangs-up") socket.end();
        else if (fault !== "silent") socket.write("220 test ESMTP\r\n");
      },
      data(socket, bytes) {
        socket.data.pending += bytes.toString("latin1");
        for (let next = takeNext(socket.data); next !== null; next = takeNext(socket.data)) {
          if (!socket.data.isInData) {
            answer(socket, next);
            continue;
          }
          socket.data.isInData = false;
          if (fault !== "refuses-message") messages.push(parseMessage(next));
          socket.write(fault === "refuses-message" ? "552 too much\r\n" : "250 taken\r\n");
        }
      },
      close: (socket) => void open.delete(socket),
    },
  });
  return {
    port: server.port,
    messages,
    commands,
    connectionCount: () => open.size,
    close: () => server.stop(true),
  };
}

/** One command, or one whole message; null until all of it is there. */
function takeNext(dialogue: Dialogue): string | null {
  const mark = dialogue.isInData ? "\r\n.\r\n" : "\r\n";
  const end = dialogue.pending.indexOf(mark);
  if (end < 0) return null;
  const taken = dialogue.pending.slice(0, end);
  dialogue.pending = dialogue.pending.slice(end + mark.length);
  return taken;
}

function replyTo(line: string, fault: SmtpFault | null): string {
  const [word = ""] = line.toUpperCase().split(" ");
  if (word === "EHLO") return "250-test\r\n250 AUTH PLAIN";
  if (word === "AUTH") return "235 welcome";
  if (word === "RCPT" && fault === "refuses-recipient") return "550 nobody of that name";
  if (word === "DATA") return "354 go on";
  return word === "QUIT" ? "221 bye" : "250 fine";
}

function parseMessage(raw: string): MailMessage {
  const [head = "", ...rest] = raw.split("\r\n\r\n");
  const headers = new Map(
    head
      .replaceAll(/\r\n[ \t]+/g, " ")
      .split("\r\n")
      .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
  // A dot at the beginning of a line is doubled on its way.
  const body = rest.join("\r\n\r\n").replaceAll(/(^|\r\n)\.\./g, "$1.");
  return {
    to: headers.get("to") ?? "",
    subject: decodeWords(headers.get("subject") ?? ""),
    text: decodeBody(body, headers.get("content-transfer-encoding") ?? "7bit")
      .replaceAll("\r\n", "\n")
      .trimEnd(),
  };
}

function decodeBody(body: string, encoding: string): string {
  if (encoding === "base64") return Buffer.from(body, "base64").toString();
  if (encoding === "quoted-printable") return decodeQuoted(body.replaceAll("=\r\n", ""));
  return Buffer.from(body, "latin1").toString();
}

/** RFC 2047: words such as `=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=`, without the space between two of them. */
function decodeWords(text: string): string {
  return text
    .replaceAll(/\?=\s+=\?/g, "?==?")
    .replaceAll(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_word, kind: string, value: string) =>
      kind.toUpperCase() === "B"
        ? Buffer.from(value, "base64").toString()
        : decodeQuoted(value.replaceAll("_", " ")),
    );
}

function decodeQuoted(text: string): string {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString();
}
