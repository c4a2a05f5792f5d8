/** A player whose connection a test drives byte by byte, so that it can stop reading or send anything. */
import { connect as connectTcp, type Socket as TcpSocket } from "node:net";
import { NETPLAY_PATH } from "./scene.testing.ts";

export interface RawPlayer {
  readonly tcp: TcpSocket;
  /** Sends a text frame. */
  send(text: string): void;
  /** Sends a binary frame. */
  sendBytes(bytes: Uint8Array): void;
  /** Texts of all frames so far, binary ones as `<n bytes>`. */
  readonly heard: string[];
  isClosed(): boolean;
  close(): void;
}

const OPCODE = { text: 0x81, binary: 0x82 } as const;

/** A client's frame with the zero mask, under which bytes stay as they are. */
function toFrame(opcode: number, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(14);
  head[0] = opcode;
  if (bytes.length < 126) {
    head[1] = 0x80 | bytes.length;
    return Buffer.concat([head.subarray(0, 6), bytes]);
  }
  if (bytes.length < 65_536) {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(bytes.length, 2);
    return Buffer.concat([head.subarray(0, 8), bytes]);
  }
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(bytes.length), 2);
  return Buffer.concat([head, bytes]);
}

/** Takes whole frames off the front of what came. */
function takeFrames(buffer: Buffer, onFrame: (opcode: number, payload: Buffer) => void): Buffer {
  let rest = buffer;
  while (rest.length >= 2) {
    const short = (rest[1] ?? 0) & 0x7f;
    const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (rest.length < headBytes) return rest;
    const bytes =
      short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    if (rest.length < headBytes + bytes) return rest;
    onFrame((rest[0] ?? 0) & 0x0f, rest.subarray(headBytes, headBytes + bytes));
    rest = rest.subarray(headBytes + bytes);
  }
  return rest;
}

/** Connects by a websocket of its own, and joins the namespace. */
export async function openRawPlayer(url: string): Promise<RawPlayer> {
  const { port } = new URL(url);
  const tcp = connectTcp(Number(port), "127.0.0.1");
  tcp.on("error", () => undefined);
  const heard: string[] = [];
  let isClosed = false;
  let hasShaken = false;
  let rest: Buffer = Buffer.alloc(0);
  tcp.on("close", () => {
    isClosed = true;
  });
  tcp.on("data", (data: Buffer) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
    if (!hasShaken) {
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      hasShaken = true;
      rest = rest.subarray(end + 4);
    }
    rest = takeFrames(rest, (opcode, payload) => {
      if (opcode === 1) heard.push(payload.toString());
      else if (opcode === 2) heard.push(`<${payload.length} bytes>`);
      else if (opcode === 8) tcp.end();
    });
  });
  await new Promise<void>((resolve) => tcp.once("connect", resolve));
  tcp.write(
    `GET ${NETPLAY_PATH}?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  const player: RawPlayer = {
    tcp,
    heard,
    isClosed: () => isClosed,
    send: (text) => void tcp.write(toFrame(OPCODE.text, Buffer.from(text))),
    sendBytes: (bytes) => void tcp.write(toFrame(OPCODE.binary, bytes)),
    close: () => void tcp.destroy(),
  };
  player.send("40");
  return player;
}
