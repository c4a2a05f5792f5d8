import type { RequestReader } from "../../http/reader.ts";
import { del, get, post, put, type RestRoute } from "../../http/route.ts";
import { fromNewClientTokenWire, toClientTokenWire, toNewClientTokenWire } from "../wire.ts";
import {
  createClientToken,
  listAllClientTokens,
  listClientTokens,
  regenerateClientToken,
  removeAnyClientToken,
  removeClientToken,
} from "./service.ts";
import { toOwnedClientTokenWire } from "./wire.ts";

const readTokenId = (reader: RequestReader) => ({ tokenId: reader.pathInt("token_id") });

/** Routes about the API tokens of apps. */
export const clientTokenRoutes: readonly RestRoute[] = [
  get("/api/client-tokens", listClientTokens, {
    summary: "Caller's API tokens",
    write: (tokens) => tokens.map(toClientTokenWire),
  }),
  post("/api/client-tokens", createClientToken, {
    summary: "Create an API token (raw value shown once)",
    status: 201,
    read: async (reader) => fromNewClientTokenWire(await reader.json()),
    write: toNewClientTokenWire,
    errors: { CLIENT_TOKEN_LIMIT: { status: 400 } },
  }),
  del("/api/client-tokens/{token_id}", removeClientToken, {
    summary: "Delete one of the caller's tokens",
    read: readTokenId,
  }),
  put("/api/client-tokens/{token_id}/regenerate", regenerateClientToken, {
    summary: "Replace the secret of a token",
    read: readTokenId,
    write: toNewClientTokenWire,
  }),
  get("/api/client-tokens/all", listAllClientTokens, {
    summary: "Admin: tokens of all users",
    write: (tokens) => tokens.map(toOwnedClientTokenWire),
  }),
  del("/api/client-tokens/{token_id}/admin", removeAnyClientToken, {
    summary: "Admin: delete any token",
    read: readTokenId,
  }),
];
