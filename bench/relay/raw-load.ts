/** Players of the raw relay, in a process of their own. */
import { createPlayer, PLAYERS, type Player, serveLoad } from "./load.ts";

const INPUT_BYTES = 24;
const MESSAGE_BYTES = 8 + INPUT_BYTES;

interface RawPlayer extends Player {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

async function connect(url: string, number: number, room: number): Promise<RawPlayer> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws/netplay`);
  socket.binaryType = "arraybuffer";
  const message = new Uint8Array(MESSAGE_BYTES);
  const view = new DataView(message.buffer);
  message.set([0x10, number % PLAYERS]);
  // Whose it is, for the one who times it.
  view.setUint32(8, number, true);
  const ticket = new TextEncoder().encode(room.toString(16).padStart(16, "0"));
  const ready = Promise.withResolvers<void>();
  socket.onopen = () => socket.send(Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0, ...ticket));
  socket.onmessage = ({ data }) => {
    const got = new DataView(data as ArrayBuffer);
    const type = got.getUint8(0);
    if (type === 0x10) {
      desk.arrived(got.getUint32(8, true), () => got.getUint32(4, true));
      return;
    }
    if (type === 0x02) ready.resolve();
    if (type !== 0x40) return;
    const pong = new Uint8Array(12);
    pong[0] = 0x41;
    new DataView(pong.buffer).setUint32(4, got.getUint32(4, true), true);
    socket.send(pong);
  };
  socket.onclose = ({ code, reason }) => ready.reject(new RangeError(`closed: ${code} ${reason}`));
  await ready.promise;
  return { ...createPlayer(socket, number), message, view };
}

const desk = serveLoad<RawPlayer>({
  connect,
  write({ socket, message, view, frame }) {
    view.setUint32(4, frame, true);
    socket.send(message);
  },
});
