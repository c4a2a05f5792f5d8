import { afterEach, describe, expect, test } from "bun:test";
import { isAppError } from "../../base/errors.ts";
import { runMailContract } from "./contract.ts";
import { createSmtpMail, type SmtpMailOptions } from "./smtp.ts";
import { openSmtpServer, type SmtpFault, type TestSmtpServer } from "./smtp-server.testing.ts";

const FROM = "Games <games@example.com>";
const MESSAGE = { to: "ana@example.com", subject: "A link", text: "http://nas/x" };

runMailContract("SMTP", async () => {
  const server = openSmtpServer();
  const mail = createSmtpMail({ url: `smtp://127.0.0.1:${server.port}`, from: FROM });
  return {
    mail,
    isSending: true,
    received: () => server.messages,
    async close() {
      await mail.close();
      server.close();
    },
  };
});

describe("mail by SMTP", () => {
  const stops: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  });

  function open(fault: SmtpFault | null, options: Partial<SmtpMailOptions> = {}, account = "") {
    const server = openSmtpServer(fault);
    const url = `smtp://${account}127.0.0.1:${server.port}`;
    const mail = createSmtpMail({ url, from: FROM, stepTimeoutMs: 300, sendTimeoutMs: 2_000, ...options });
    stops.push(server.close, mail.close);
    return { server, mail };
  }

  const failureOf = (work: Promise<unknown>) =>
    work.then(
      () => "no error",
      (error: unknown) => (isAppError(error) ? `${error.code}: ${error.message}` : String(error)),
    );

  async function untilClosed(server: TestSmtpServer): Promise<void> {
    while (server.connectionCount() > 0) await Bun.sleep(5);
  }

  const faults: SmtpFault[] = ["silent", "hangs-up", "refuses-recipient", "refuses-message"];
  test.each(faults)("fails within its time when the server %s", async (fault) => {
    const { server, mail } = open(fault);
    const startedAtMs = performance.now();
    expect(await failureOf(mail.send(MESSAGE))).toBe("MAIL_FAILED: The mail server did not take the message");
    expect(performance.now() - startedAtMs).toBeLessThan(1_500);
    expect(server.messages).toEqual([]);
  });

  test("fails when nobody listens", async () => {
    const { server, mail } = open(null);
    server.close();
    expect(await failureOf(mail.send(MESSAGE))).toBe("MAIL_FAILED: The mail server did not take the message");
  });

  test("leaves no connection open behind a message", async () => {
    const { server, mail } = open(null);
    await mail.send(MESSAGE);
    await untilClosed(server);
    await mail.send(MESSAGE);
    expect(server.messages).toHaveLength(2);
  });

  test("signs in with the account of its URL", async () => {
    const { server, mail } = open(null, {}, "games:p%40ss@");
    await mail.send(MESSAGE);
    const proof = Buffer.from("\0games\0p@ss").toString("base64");
    expect(server.commands).toContain(`AUTH PLAIN ${proof}`);
  });

  test("keeps a password to itself when the way is not encrypted, unless the operator wants it so", async () => {
    // Every address of this machine, so none that is known to be only within it.
    const { server } = open(null);
    const url = `smtp://games:secret@0.0.0.0:${server.port}`;
    const careful = createSmtpMail({ url, from: FROM });
    const trusting = createSmtpMail({ url: `${url}?ignoreTLS=true`, from: FROM });
    stops.push(careful.close, trusting.close);
    expect(await failureOf(careful.send(MESSAGE))).toBe(
      "MAIL_FAILED: The mail server did not take the message",
    );
    expect(server.commands.filter((line) => line.startsWith("AUTH"))).toEqual([]);
    await trusting.send(MESSAGE);
    expect(server.messages).toHaveLength(1);
  });

  test.each([
    "ana@example.com\r\nRCPT TO:<eve@example.com>",
    "ana@example.com,eve@example.com",
    "Ana <ana@example.com>",
    "ana",
    "",
  ])("mails nobody at %p", async (to) => {
    const { server, mail } = open(null);
    expect(await failureOf(mail.send({ ...MESSAGE, to }))).toBe(
      "MAIL_FAILED: The address cannot be mailed to",
    );
    expect(server.commands).toEqual([]);
  });

  test("keeps a line break in a subject out of the headers", async () => {
    const { server, mail } = open(null);
    await mail.send({ ...MESSAGE, subject: "A link\r\nBcc: eve@example.com" });
    expect(server.commands.filter((line) => line.startsWith("RCPT"))).toEqual(["RCPT TO:<ana@example.com>"]);
    expect(server.messages[0]?.subject).toContain("A link");
  });

  test("gives up what is on its way at its close", async () => {
    const { mail } = open("silent", { stepTimeoutMs: 60_000, sendTimeoutMs: 60_000 });
    const sending = failureOf(mail.send(MESSAGE));
    await Bun.sleep(20);
    await mail.close();
    expect(await sending).toBe("MAIL_FAILED: The server stops");
  });

  test("gives up after its whole time, whatever the server does", async () => {
    const { mail } = open("silent", { stepTimeoutMs: 60_000, sendTimeoutMs: 100 });
    expect(await failureOf(mail.send(MESSAGE))).toBe("MAIL_FAILED: The mail server took too long");
  });
});
