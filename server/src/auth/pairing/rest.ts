import { detailResponse } from "../../http/error-response.ts";
import { get, post, type RestRoute } from "../../http/route.ts";
import { toNewClientTokenWire } from "../wire.ts";
import { createPairingCode, exchangePairingCode, getPairingStatus } from "./service.ts";
import { fromExchangeWire, toPairingCodeWire } from "./wire.ts";

/** Routes that hand a client token to an app by a short code. */
export const pairingRoutes: readonly RestRoute[] = [
  post("/api/client-tokens/{token_id}/pair", createPairingCode, {
    summary: "Make a short pairing code for a token; using it replaces the token's secret",
    read: (reader) => ({ tokenId: reader.pathInt("token_id") }),
    write: toPairingCodeWire,
  }),
  get("/api/client-tokens/pair/{code}/status", getPairingStatus, {
    summary: "Poll whether a pairing code is still pending",
    read: (reader) => ({ code: reader.pathText("code") }),
    write: ({ isPending }) => (isPending ? null : detailResponse(404, "Not Found")),
  }),
  post("/api/client-tokens/exchange", exchangePairingCode, {
    summary: "Swap a pairing code for the raw token",
    read: async (reader) => fromExchangeWire(await reader.json()),
    write: toNewClientTokenWire,
  }),
];
