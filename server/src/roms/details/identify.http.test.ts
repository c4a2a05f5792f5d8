import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient } from "@multitap/client";
import { identify } from "@multitap/client/native";
import { ensureBuilt } from "@multitap/native/build";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

const CHD_SHA1 = "41958a870737d855875cb9d67d8a16a6afb4b956";
const RA_HASH = "b771b583338f729f159fb5b8ac6ac956";
const SERVER_URL = "http://multitap.test";
const NO_HASHES = { crc32: "", md5: "", sha1: "" };
const chdPath = new URL("../../../../native/vectors/chd/cd-psx-default.chd", import.meta.url);

let library: TestLibrary;
let chd: File;

beforeAll(async () => {
  await ensureBuilt();
  library = await openLibrary();
  chd = new File([await Bun.file(chdPath).arrayBuffer()], "unknown.chd");
}, 60_000);
afterAll(async () => {
  await library.close();
});

/** The package's client as the viewer, in front of the app in process. */
async function openClient(scope: string) {
  const authorization = await library.tokenWith(scope);
  return createClient({
    url: SERVER_URL,
    auth: authorization.replace(/^Bearer /, ""),
    fetch: (url, init) => library.app.fetch(url.slice(SERVER_URL.length), init),
    retry: false,
  });
}

describe("identify of the package for apps", () => {
  test("finds by the bytes, by their checksum, by a CHD's own digest and by the ra hash", async () => {
    const bytes = new TextEncoder().encode("a cartridge");
    const hashOf = (name: "md5" | "sha1") => new Bun.CryptoHasher(name).update(bytes).digest("hex");
    const crc32 = Bun.hash.crc32(bytes).toString(16).padStart(8, "0");
    const ids = {
      sha1: await library.addRom("snes", "by-sha1.sfc", "1"),
      crc: await library.addRom("snes", "by-crc.sfc", "a cartridge"),
      chd: await library.addRom("psx", "by-chd.chd", "3"),
      ra: await library.addRom("psx", "by-ra.chd", "4"),
    };
    const client = await openClient("roms.read");
    const find = async (file: File) => {
      const hit = await identify(client, file);
      return [hit?.rom.id, hit?.matchedBy];
    };
    const cartridge = new File([bytes], "x.sfc");

    await library.setHashes(ids.crc, { ...NO_HASHES, crc32 });
    expect(await find(cartridge)).toEqual([ids.crc, "bytes"]);
    await library.setHashes(ids.sha1, { crc32: "", md5: hashOf("md5"), sha1: hashOf("sha1") });
    expect(await find(cartridge)).toEqual([ids.sha1, "bytes"]);

    expect(await identify(client, chd)).toBeNull();
    await library.change(`update rom_files set ra_hash = '${RA_HASH}' where rom_id = ${ids.ra}`);
    expect(await find(chd)).toEqual([ids.ra, "ra"]);
    await library.change(`update rom_files set chd_sha1_hash = '${CHD_SHA1}' where rom_id = ${ids.chd}`);
    expect(await find(chd)).toEqual([ids.chd, "chd"]);
    await client.close();
  });

  test("is refused without the scope, in the server's words", async () => {
    const client = await openClient("platforms.read");
    const failure = await identify(client, chd).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: "forbidden", code: "AUTH_SCOPE_MISSING" });
    await client.close();
  });
});
