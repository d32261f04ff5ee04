import { describe, expect, test } from "vitest";
import { das } from "./das-process.ts";
import { LoopbackStream, RESOURCE, STREAM, type Stored } from "./loopback-stream.ts";

async function verify(stream: LoopbackStream, ...options: string[]) {
  await using command = das(
    ["verify", "--resource-id", RESOURCE, "--region", stream.region, ...options],
    stream.environment,
  );
  return { exitCode: await command.exitCode, ...command.output };
}

const isOfTrail = ({ provenance }: Stored) => !provenance.source.startsWith("publisher:");

describe("das verify", () => {
  test("says of what two runs of a publisher left on a stream that nothing is missing, and ends with 0", async () => {
    await using stream = await LoopbackStream.open();
    stream.createStream();
    stream.trail.appendMany(55);
    await stream.publish();
    stream.trail.appendMany(25);
    await stream.publish();
    const { exitCode, stdout, stderr } = await verify(stream, "--json");
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      stream: STREAM,
      readFrom: "oldest",
      holes: { open: 0, underWay: 0, explained: 0, closed: 0 },
      doubles: { dropped: 0, remembered: 80, forgottenForCount: 0 },
      unreadable: 0,
      malformed: 0,
      withoutProvenance: 0,
    });
    const [trail] = found.generations[0].sources.filter(
      ({ source }: { source: string }) => !source.startsWith("publisher:"),
    );
    expect(trail).toMatchObject({ events: 80, epochsSeen: 2, holes: [] });
    // The last watermark of all that stands on the stream.
    const watermarks = (await stream.stored()).filter(isOfTrail).map(({ provenance }) => provenance.watermark);
    expect(trail.completeUpTo).toMatchObject([{ watermark: watermarks.at(-1) }]);
    expect(found.generations[0].publishers).toMatchObject([{ instance: "a" }]);
  });

  test("finds a record that was lost, says which, and ends with 1; a record that came twice is no loss", async () => {
    await using stream = await LoopbackStream.open();
    stream.createStream();
    stream.trail.appendMany(55);
    await stream.publish();
    stream.trail.appendMany(25);
    await stream.publish();
    const records = (await stream.stored()).filter(isOfTrail);
    const [first, , lost] = records;
    if (!first || !lost) throw new Error("too few records");
    await stream.lose(({ data }) => Buffer.from(data).equals(lost.data));
    await stream.put(first.partitionKey, first.data);
    const { exitCode, stdout } = await verify(stream);
    expect(exitCode).toBe(1);
    const { source, epoch, sequence } = lost.provenance;
    expect(stdout).toContain(`✗ ${source}: record ${sequence} of epoch ${epoch}, lane 0, missing, though confirmed\n`);
    expect(stdout).toMatch(new RegExp(`^1 open hole, .* ${first.events.length} doubles to be dropped$`, "m"));
    expect(JSON.parse((await verify(stream, "--json")).stdout).holes).toMatchObject({ open: 1 });
    // What came before it is not looked at.
    expect(await verify(stream, "--from", new Date(Date.now() - 3).toISOString())).toMatchObject({ exitCode: 0 });
  });

  test("says that it can find nothing missing where records do not say who put them there", async () => {
    await using stream = await LoopbackStream.open();
    stream.createStream();
    await stream.putOfAws();
    const { exitCode, stdout } = await verify(stream);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("! 1 record without provenance");
  });

  test("ends with 1 where there is no stream, with 2 where none is named", async () => {
    await using stream = await LoopbackStream.open();
    expect(await verify(stream)).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining(STREAM) });
    await using unnamed = das(["verify"], {});
    expect(await unnamed.exitCode).toBe(2);
    expect(unnamed.output.stderr).toContain("it is not said which stream to read");
    await using wrong = das(["verify", "--from", "yesterday"], {});
    expect(await wrong.exitCode).toBe(2);
  });

  test("explains its words in its help", async () => {
    await using help = das(["verify", "--help"], {});
    expect(await help.exitCode).toBe(0);
    for (const word of ["open", "under way", "explained", "closed"]) {
      expect(help.output.stdout).toMatch(new RegExp(`^  ${word}  +[a-z]`, "m"));
    }
  });
});
