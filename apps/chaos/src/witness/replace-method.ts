/** What a method takes and gives is handed on as it is. */
export type Method = (this: unknown, ...parts: unknown[]) => unknown;

export interface Type {
  readonly prototype: object;
}

/**
 * Puts another method in the place of one that is there.
 * @throws when it is not: a step that nobody passes any more must not go unnoticed
 */
export function replaceMethod(type: Type | undefined, name: string, make: (original: Method) => Method): void {
  const original: unknown = type && Reflect.get(type.prototype, name);
  if (!type || typeof original !== "function") throw new Error(`chaos: there is no method ${name} to be watched`);
  Reflect.defineProperty(type.prototype, name, { value: make(original as Method), configurable: true, writable: true });
}

/** Calls back when the method has returned, or what it promised is there. */
export function afterMethod(type: Type | undefined, name: string, then: () => void): void {
  replaceMethod(
    type,
    name,
    (original) =>
      function (...parts) {
        const result = original.apply(this, parts);
        if (!(result instanceof Promise)) {
          then();
          return result;
        }
        return result.then((value: unknown) => {
          then();
          return value;
        });
      },
  );
}
