import { MultitapError } from "../errors.ts";
import { toAnswerError } from "../http/answers.ts";
import type { Exchange } from "../http/exchange.ts";
import { type Authorization, bearer, NO_HEADER, type Proof, type StateCell } from "./proof.ts";

const SIGNED_IN = { status: "signed_in", scopes: [], deviceId: null } as const;

const FIXED = { requireSignIn: refuseFixed, signIn: refuseLater } as const;

/** A token that the app gave once; it is never renewed. */
export function fixedTokenProof(token: string, state: StateCell): Proof {
  state.set(SIGNED_IN);
  return {
    load: async () => undefined,
    authorize: async () => bearer(token),
    recover: async (_refused, error) => {
      state.set({ status: "expired", error });
      return false;
    },
    ...FIXED,
    signOut: refuseLater,
  };
}

/** A function of the app that gives the current token for each request. */
export function tokenFunctionProof(getToken: () => string | Promise<string>, state: StateCell): Proof {
  state.set(SIGNED_IN);
  const authorize = async (): Promise<Authorization> => bearer(await getToken());
  return {
    load: async () => undefined,
    authorize: async () => {
      const authorization = await authorize();
      state.set(SIGNED_IN);
      return authorization;
    },
    recover: async (refused, error) => {
      if ((await authorize()).header !== refused.header) return true;
      state.set({ status: "expired", error });
      return false;
    },
    ...FIXED,
    signOut: refuseLater,
  };
}

/** The login cookie of a page that the server delivered. */
export function cookieProof(url: string, exchange: Exchange, state: StateCell): Proof {
  state.set(SIGNED_IN);
  return {
    load: async () => undefined,
    authorize: async () => NO_HEADER,
    recover: async (_refused, error) => {
      state.set({ status: "expired", error });
      return false;
    },
    ...FIXED,
    signOut: async (signal) => {
      const response = await exchange(`${url}/api/logout`, { method: "POST", signal });
      if (!response.ok) throw await toAnswerError(response);
      await response.body?.cancel();
      state.set({ status: "anonymous" });
    },
  };
}

function refuseFixed(): never {
  const message = "This client was given its proof; only a client with a credential store signs in and out";
  throw new MultitapError("unsupported", "AUTH_FIXED", { message });
}

async function refuseLater(): Promise<never> {
  return refuseFixed();
}
