import { callListener, type Unsubscribe } from "../listeners.ts";

/** Listeners of the events of a map. */
export interface Emitter<M> {
  on<K extends keyof M>(type: K, listener: (event: M[K]) => void): Unsubscribe;
  emit<K extends keyof M>(type: K, event: M[K]): void;
  has(type: keyof M): boolean;
}

/** Begins without listeners. */
export function createEmitter<M>(): Emitter<M> {
  const listeners: { [K in keyof M]?: Map<symbol, (event: M[K]) => void> } = {};
  return {
    on(type, listener) {
      const ofType = listeners[type] ?? new Map();
      listeners[type] = ofType;
      const key = Symbol();
      ofType.set(key, listener);
      return () => void ofType.delete(key);
    },
    emit(type, event) {
      for (const listener of [...(listeners[type]?.values() ?? [])]) callListener(listener, event);
    },
    has: (type) => (listeners[type]?.size ?? 0) > 0,
  };
}
