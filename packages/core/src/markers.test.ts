import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMarker, MarkerList, parseMarkers } from "./markers.ts";

function textOf(markers: readonly (string | undefined)[]): string {
  const list = new MarkerList();
  for (const marker of markers) list.add(marker);
  return list.take();
}

describe("the markers of a record", () => {
  test("leave out what stood before, and count runs", () => {
    const markers = ["10:4096:0", "10:4096:1", "10:4096:2", "10:4096:7", "10:8192:0", "10:8192:1", "11:8192:2"];
    expect(textOf(markers)).toBe("10:4096:0*3 ::7 :8192:0*2 11::2");
    expect(parseMarkers(textOf(markers), 7)).toEqual(markers);
  });

  test("cost three characters an event where SQL Server writes full blocks", () => {
    const markers = Array.from({ length: 100 }, (_, n) => `133765432109876543:${(n >> 4) * 4096}:${n & 15}`);
    expect(textOf(markers).length).toBeLessThan(300);
  });

  test("have a place for the stream's own events", () => {
    const markers = [undefined, "1:1", undefined, undefined, "1:2"];
    expect(parseMarkers(textOf(markers), 5)).toEqual(markers);
  });

  test("may be equal to the one before, also where the first part is empty", () => {
    for (const marker of ["1:1", ":1", "1", "::x:1"]) {
      expect(parseMarkers(textOf([marker, marker, marker]), 3)).toEqual([marker, marker, marker]);
    }
  });

  test("begin anew with each record", () => {
    const list = new MarkerList();
    list.add("1:1");
    expect(list.take()).toBe("1:1");
    list.add("1:2");
    expect(list.take()).toBe("1:2");
    expect(list.take()).toBe("");
    expect(parseMarkers("", 0)).toEqual([]);
  });

  test("come back as they were, whatever they are", () => {
    const part = fc.oneof(fc.constantFrom("", "0", "1", "9", "00", "-", "%0020"), fc.nat({ max: 12 }).map(String));
    const marker = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(":").replace(/:+$/, ""));
    const item = fc.oneof(marker.filter(isMarker), fc.constant(undefined));
    fc.assert(
      fc.property(fc.array(item, { maxLength: 40 }), (markers) => {
        expect(parseMarkers(textOf(markers), markers.length)).toEqual(markers);
      }),
      { numRuns: 3_000 },
    );
  });

  test("are refused when they are not what a list writes", () => {
    for (const text of ["a*2", " ", "1:1 ", "1*9999999", "*3", "1:2*3", "~"]) {
      expect(() => parseMarkers(text, 2)).toThrow(TypeError);
    }
    const list = new MarkerList();
    for (const marker of ["", "a b", "a*2", "a:", "~"]) expect(() => list.add(marker)).toThrow(TypeError);
  });
});
