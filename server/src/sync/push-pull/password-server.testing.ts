/** An SSH server that takes a password: OpenSSH would want one of an account of this machine. */
import { readFile } from "node:fs/promises";
import { Server } from "ssh2";
import { assert } from "../../base/assert.ts";

/** SFTP status numbers. */
const OK = 0;
const END_OF_FILE = 1;

export interface PasswordServer {
  readonly port: number;
  close(): void;
}

/** Starts a server with the given host key, one account and nothing in any folder. */
export async function startPasswordServer(
  hostKeyPath: string,
  account: { readonly username: string; readonly password: string },
): Promise<PasswordServer> {
  const server = new Server({ hostKeys: [await readFile(hostKeyPath)] }, (client) => {
    // A client that turns away in the middle is none of its concern.
    client.on("error", () => undefined);
    client.on("authentication", (attempt) => {
      const isRight =
        attempt.method === "password" &&
        attempt.username === account.username &&
        attempt.password === account.password;
      if (isRight) attempt.accept();
      else attempt.reject(["password"]);
    });
    client.on("session", (accept) => {
      accept().on("sftp", (acceptSftp) => {
        const sftp = acceptSftp();
        sftp.on("OPENDIR", (id) => sftp.handle(id, Buffer.from("folder")));
        sftp.on("READDIR", (id) => sftp.status(id, END_OF_FILE));
        sftp.on("CLOSE", (id) => sftp.status(id, OK));
      });
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  assert(typeof address === "object" && address !== null, "the server listens on a port");
  return { port: address.port, close: () => void server.close() };
}
