// A running service → whether OpenAI's own client for Node reads it: node openai.mjs http://127.0.0.1:8000 "your question"
import assert from "node:assert/strict";
import OpenAI from "openai";

const [base, question] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: question }];

const models = (await client.models.list()).data.map((model) => model.id);
assert(models.includes("lectures"));
assert.equal((await client.models.retrieve(models[0])).id, models[0]);

const whole = await client.chat.completions.create({ model: "lectures", messages });
const { content, annotations } = whole.choices[0].message;
assert.equal(whole.choices[0].finish_reason, "stop");
assert(annotations.length > 0);
for (const { type, url_citation: cited } of annotations) {
  assert.equal(type, "url_citation");
  assert.match(cited.url, /^https?:\/\//);
  assert([...content].slice(cited.start_index, cited.end_index).length > 0);
}

let text = "";
let usage = null;
const streamed = [];
const stream = await client.chat.completions.create({
  model: "lectures", messages, stream: true, stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  const delta = chunk.choices[0]?.delta;
  text += delta?.content ?? "";
  streamed.push(...(delta?.annotations ?? []));
  usage = chunk.usage ?? usage;
}
assert.equal(text, content);
assert.deepEqual(streamed, annotations);
assert(usage.total_tokens > 0);

const gathered = await client.chat.completions.stream({ model: "lectures", messages }).finalChatCompletion();
assert.equal(gathered.choices[0].message.content, content);

const vectors = await client.embeddings.create({ model: "lectures", input: ["dropout", "loss"] });
assert.deepEqual(vectors.data.map((own) => own.index), [0, 1]);
for (const { embedding } of vectors.data) {
  assert(Math.abs(Math.hypot(...embedding) - 1) < 1e-3);
}

async function refuses(asked, kind, code, says) {
  await assert.rejects(asked, (error) => {
    assert(error instanceof kind, `${error}`);
    assert.match(error.message, says);
    assert.deepEqual([error.code, error.type], [code, "invalid_request_error"]);
    return true;
  });
}

await refuses(client.chat.completions.create({ model: "no-such-course", messages }), OpenAI.NotFoundError, "not_found", /no-such-course/);
await refuses(client.embeddings.create({ model: "lectures", input: [] }), OpenAI.UnprocessableEntityError, "invalid_request", /input/);
console.log(`${models.length} models, ${annotations.length} annotations, ${vectors.data[0].embedding.length} numbers`);
