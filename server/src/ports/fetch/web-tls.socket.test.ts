import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { requireProgram } from "../../../../scripts/testing/require-program.ts";
import { makeCertificates, type OwnCertificates } from "../../auth/oidc/certificates.testing.ts";
import { isAppError } from "../../base/errors.ts";
import { createLog } from "../log/pino.ts";
import { parseHostRules } from "./addresses.ts";
import { createWebFetch } from "./web.ts";

describe.skipIf(requireProgram("openssl") === null)("certificates (needs openssl)", () => {
  let certificates: OwnCertificates;
  let server: Bun.Server<undefined>;
  let ca: string;

  beforeAll(async () => {
    certificates = await makeCertificates();
    ca = await Bun.file(certificates.caFile).text();
    server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: certificates.tls,
      fetch: (request) => new Response(request.headers.get("host")),
    });
  }, 20_000);
  afterAll(async () => {
    await server.stop(true);
    await certificates.remove();
  });

  const call = async (name: string, options: { ca?: string } = {}) => {
    const client = createWebFetch({
      log: createLog({ level: "error", format: "text" }),
      userAgent: "Multitap/test",
      allow: parseHostRules(["127.0.0.0/8"]) ?? undefined,
      resolve: async () => ["127.0.0.1"],
      ...options,
    });
    try {
      const { bytes } = await client.fetch(`https://${name}:${server.port}/`);
      return new TextDecoder().decode(bytes);
    } catch (error) {
      return isAppError(error) ? error.code : String(error);
    } finally {
      await client.close();
    }
  };

  test("are held against the name although the call goes to the checked address", async () => {
    expect(await call("localhost", { ca })).toBe(`localhost:${server.port}`);
    expect(await call("games.example", { ca })).toBe("FETCH_FAILED");
    // The right name once more: no connection may be shared between names.
    expect(await call("localhost", { ca })).toBe(`localhost:${server.port}`);
  });

  test("of an unknown authority are refused", async () => {
    expect(await call("localhost")).toBe("FETCH_FAILED");
  });
});
