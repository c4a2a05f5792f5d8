// A provider whose certificate only the operator's own authority vouches for.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { requireProgram } from "../../../../scripts/testing/require-program.ts";
import { createTestApp } from "../../app/testing.ts";
import { openBrowser } from "../calls.testing.ts";
import { makeCertificates, type OwnCertificates } from "./certificates.testing.ts";
import { type FakeProvider, startFakeProvider } from "./fake-provider.testing.ts";
import { begin, comeBack, oidcEnvironment } from "./provider.testing.ts";

describe.skipIf(requireProgram("openssl") === null)("an authority of one's own (needs openssl)", () => {
  let certificates: OwnCertificates;
  let provider: FakeProvider;
  beforeAll(async () => {
    certificates = await makeCertificates();
    provider = await startFakeProvider(certificates.tls);
  }, 20_000);
  afterAll(async () => {
    await provider.stop();
    await certificates.remove();
  });

  test("is trusted from the first question to the keys", async () => {
    const environment = { ...oidcEnvironment(provider.issuer), OIDC_TLS_CACERTFILE: certificates.caFile };
    const app = await createTestApp({ environment });
    const browser = openBrowser(app);
    const answer = await comeBack(browser, provider.comeFrom(await begin(browser)));
    expect([answer.status, answer.headers.get("location")]).toEqual([307, "/"]);
    expect(provider.visits).toContain("/jwks");
    await app.close();
  });

  test("is of no use when the keys are to be read over plain http", async () => {
    const plain = await startFakeProvider();
    provider.plan.metadata = { jwks_uri: `${plain.issuer}/jwks` };
    const environment = { ...oidcEnvironment(provider.issuer), OIDC_TLS_CACERTFILE: certificates.caFile };
    const app = await createTestApp({ environment });
    const browser = openBrowser(app);
    const answer = await comeBack(browser, provider.comeFrom(await begin(browser)));
    expect([answer.status, plain.visits]).toEqual([502, []]);
    provider.reset();
    await app.close();
    await plain.stop();
  });

  test("is trusted only where it is named, and a file that is not there is told apart", async () => {
    const seen: unknown[] = [];
    for (const file of ["", certificates.otherCaFile, "/nowhere/ca.pem"]) {
      const environment = { ...oidcEnvironment(provider.issuer), OIDC_TLS_CACERTFILE: file };
      const app = await createTestApp({ environment });
      const answer = await openBrowser(app).call("/api/login/openid");
      seen.push([answer.status, (answer.json as { detail: string }).detail]);
      await app.close();
    }
    expect(seen).toEqual([
      [503, "The identity provider does not answer."],
      [503, "The identity provider does not answer."],
      [500, "OAuth not configured"],
    ]);
  });
});
