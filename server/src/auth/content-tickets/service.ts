import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { findAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { getRomContent } from "../../roms/content/service.ts";
import { type Account, findAccount } from "../../users/accounts/service.ts";
import { type ContentLink, ContentLinkInput, ContentLinkSchema } from "../contract.ts";
import { formatContentTicket, isTicketGenuine, readTicketClaims, toContentPlace } from "./rules.ts";

/** A ticket that came with a request, and what the request asks for. */
export interface ShownTicket {
  readonly text: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

/**
 * Makes a link to a rom's bytes that opens by itself, for elements and programs that send no credentials. It opens
 * nothing else, ends after `expiresInMs`, and earlier when the account is disabled or its password changes.
 * @throws AppError `ROMS_NOT_FOUND` and the others of a download; `AUTH_ACCOUNT_REQUIRED` for the operator.
 */
export const createContentLink = operation(
  {
    type: "query",
    scope: "roms.read",
    isOpen: (facts) => facts.isDownloadPublic,
    input: ContentLinkInput,
    output: ContentLinkSchema,
    storesNoAnswer: true,
  },
  async (ctx, { romId, fileId, expiresInMs }): Promise<ContentLink> => {
    const fileIds = fileId === undefined ? [] : [fileId];
    const content = await getRomContent.run(ctx, { romId, fileIds, isHiddenFolder: false });
    const { fileName } = content.kind === "file" ? content.file : content.archive;
    const query = new URLSearchParams(fileId === undefined ? {} : { file_ids: String(fileId) });
    const path = `/api/roms/${romId}/content/${encodeURIComponent(fileName)}`;
    const expiresAtMs = ctx.ports.clock.now().getTime() + expiresInMs;
    if (needsTicket(ctx)) query.set("ticket", await createTicket(ctx, { path, query, expiresAtMs }));
    const suffix = query.size === 0 ? "" : `?${query}`;
    return { path: path + suffix, expiresAt: toInstant(new Date(expiresAtMs)) };
  },
);

/** Where everybody may download, a link opens without one. */
function needsTicket(ctx: Context): boolean {
  return !ctx.facts.isDownloadPublic && ctx.identity.kind !== "kiosk";
}

async function createTicket(
  ctx: Context,
  link: { readonly path: string; readonly query: URLSearchParams; readonly expiresAtMs: number },
): Promise<string> {
  const userId = findAccountId(ctx.identity);
  const account = userId === null ? null : await findAccount(ctx, userId);
  const place = toContentPlace(link.path, link.query);
  if (account === null || place === null) {
    throw new AppError("forbidden", "AUTH_ACCOUNT_REQUIRED", { message: "A content link needs an account" });
  }
  const { passwordMark } = account;
  const ticket = { userId: account.id, place, expiresAtMs: link.expiresAtMs };
  return formatContentTicket(ticket, { secretKey: ctx.facts.secretKey, passwordMark });
}

/** Finds the account for which a ticket opens what the request asks for; null when it opens nothing. */
export async function proveContentTicket(
  ctx: Pick<Context, "ports" | "db" | "facts">,
  { text, path, query }: ShownTicket,
): Promise<Account | null> {
  const claims = readTicketClaims(text);
  if (claims === null || claims.expiresAtMs <= ctx.ports.clock.now().getTime()) return null;
  if (claims.place !== toContentPlace(path, query)) return null;
  const account = await findAccount(ctx, claims.userId);
  if (account === null || !account.isEnabled) return null;
  const { passwordMark } = account;
  return isTicketGenuine(text, { secretKey: ctx.facts.secretKey, passwordMark }) ? account : null;
}
