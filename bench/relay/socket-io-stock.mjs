/** The same rooms on plain `socket.io` under Node: what a server costs that was not made for it. */
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { maxHttpBufferSize: 16 * 1024 * 1024, serveClient: false });

io.on("connection", (socket) => {
  let room = null;
  const enter = ({ extra }, answer) => {
    room = extra.sessionid;
    socket.join(room);
    answer(null, {});
  };
  socket.on("open-room", enter);
  socket.on("join-room", enter);
  for (const name of ["input", "data-message", "snapshot"]) {
    socket.on(name, (data) => {
      if (room !== null) socket.to(room).emit(name, data);
    });
  }
});

http.listen(0, "127.0.0.1", () => process.send({ port: http.address().port }));
