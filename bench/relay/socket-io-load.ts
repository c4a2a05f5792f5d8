/** Players of a Socket.IO server, in a process of their own. */
import { createPlayer, PLAYERS, type Player, serveLoad } from "./load.ts";

/** Digits of a player's number and of a frame's, so that every input has 32 bytes. */
const FIRST_PLAYER = 1_000;
const FIRST_FRAME = 100_000;
const FRAMES = 900_000;
const PLAYER_AT = '42["input",{"p":'.length;
const FRAME_AT = PLAYER_AT + '1000,"f":'.length;

async function connect(url: string, number: number, room: number): Promise<Player> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
  const ready = Promise.withResolvers<void>();
  const event = number % PLAYERS === 0 ? "open-room" : "join-room";
  const about = { userid: `player-${number}`, game_id: 1, player_name: "p", room_name: "r" };
  const ask = { extra: { sessionid: `room-${room}`, ...about }, maxPlayers: "4", password: null };
  socket.onmessage = ({ data }) => {
    const text = String(data);
    if (text.startsWith('42["input"')) receive(text);
    else if (text === "2") socket.send("3");
    else if (text.startsWith("0{")) socket.send("40");
    else if (text.startsWith("40")) socket.send(`421["${event}",${JSON.stringify(ask)}]`);
    else if (text.startsWith("431")) {
      if (/^431\["/.test(text)) ready.reject(new RangeError(text));
      else ready.resolve();
    }
  };
  socket.onclose = ({ code, reason }) => ready.reject(new RangeError(`closed: ${code} ${reason}`));
  await ready.promise;
  return createPlayer(socket, number);
}

function receive(text: string): void {
  const player = Number(text.slice(PLAYER_AT, PLAYER_AT + 4)) - FIRST_PLAYER;
  desk.arrived(player, () => Number(text.slice(FRAME_AT, FRAME_AT + 6)) - FIRST_FRAME);
}

const desk = serveLoad({
  connect,
  write({ socket, number, frame }) {
    const shown = FIRST_FRAME + (frame % FRAMES);
    socket.send(`42["input",{"p":${FIRST_PLAYER + number},"f":${shown}}]`);
  },
});
