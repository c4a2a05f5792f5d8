/** Certificates of an authority of one's own, made by openssl. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert } from "../../base/assert.ts";

export interface OwnCertificates {
  /** The authority's certificate, and one of an authority that signed nothing. */
  readonly caFile: string;
  readonly otherCaFile: string;
  /** For `localhost`, by the first authority. */
  readonly tls: { readonly key: string; readonly cert: string };
  remove(): Promise<void>;
}

const NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";

/** Makes them in a folder of their own. */
export async function makeCertificates(): Promise<OwnCertificates> {
  const folder = await mkdtemp(join(tmpdir(), "multitap-ca-"));
  const run = (line: string) => {
    const { exitCode, stderr } = Bun.spawnSync(["openssl", ...line.split(" ")], { cwd: folder });
    assert(exitCode === 0, `openssl ${line}: ${stderr.toString()}`);
  };
  await Bun.write(join(folder, "names"), "subjectAltName=DNS:localhost\n");
  run(
    `req -x509 ${NEW_KEY} -keyout ca.key -out ca.pem -subj /CN=Home -addext basicConstraints=critical,CA:TRUE`,
  );
  run(`req -x509 ${NEW_KEY} -keyout other.key -out other.pem -subj /CN=Other`);
  run(`req ${NEW_KEY.replace(" -days 2", "")} -keyout server.key -out server.csr -subj /CN=localhost`);
  run(
    "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names",
  );
  const read = (name: string) => Bun.file(join(folder, name)).text();
  return {
    caFile: join(folder, "ca.pem"),
    otherCaFile: join(folder, "other.pem"),
    tls: { key: await read("server.key"), cert: await read("server.pem") },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
