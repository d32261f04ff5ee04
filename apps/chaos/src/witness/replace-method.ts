// biome-ignore lint/suspicious/noExplicitAny: whatever a method takes is handed on as it is
type Method = (this: any, ...parts: any[]) => any;

interface Type {
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
