import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { isAppError } from "../../base/errors.ts";
import type { Mail, MailMessage } from "./port.ts";

/** A driver under test, and what came out at its other end. */
export interface MailUnderTest {
  readonly mail: Mail;
  readonly isSending: boolean;
  /** Every message that was handed over, in order. */
  received(): readonly MailMessage[];
  close(): Promise<void>;
}

const MESSAGE: MailMessage = { to: "ana@example.com", subject: "A link", text: "Open it:\nhttp://nas/x" };

/** What every driver must do. */
export function runMailContract(name: string, open: () => Promise<MailUnderTest>): void {
  describe(`mail by ${name}`, () => {
    let driver: MailUnderTest;
    beforeEach(async () => {
      driver = await open();
    });
    afterEach(() => driver.close());

    test("says whether anything is sent", () => {
      expect(driver.mail.isSending).toBe(driver.isSending);
    });

    test("hands a message over as it is", async () => {
      await driver.mail.send(MESSAGE);
      expect(driver.received()).toEqual([MESSAGE]);
    });

    test("keeps letters of all languages, long lines and lines that are a dot", async () => {
      const text = `Grüße, さくら\n.\n${"a long line ".repeat(200).trim()}\n\nthe end`;
      const message = { ...MESSAGE, subject: "Neues Passwort für Ana – さくら", text };
      await driver.mail.send(message);
      expect(driver.received()).toEqual([message]);
    });

    test("hands over several messages at once", async () => {
      const messages = ["a", "b", "c", "d", "e"].map((text) => ({ ...MESSAGE, text }));
      await Promise.all(messages.map((message) => driver.mail.send(message)));
      const texts = driver.received().map(({ text }) => text);
      expect(texts.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
    });

    test("takes nothing after its close, which may be repeated", async () => {
      await driver.mail.send(MESSAGE);
      await driver.mail.close();
      await driver.mail.close();
      const failure: unknown = await driver.mail.send(MESSAGE).catch((error: unknown) => error);
      expect(isAppError(failure) && [failure.kind, failure.code]).toEqual(["upstream", "MAIL_FAILED"]);
      expect(driver.received()).toHaveLength(1);
    });
  });
}
