// A running service → whether OpenAI's own client for Node reads it. Run by hand, since it needs the npm registry once:
//   npm install openai && node clients/trial/openai_node.mjs http://127.0.0.1:8000 "your question"
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { default: OpenAI } = await import(pathToFileURL(createRequire(`${process.cwd()}/`).resolve("openai")));
const [base, question] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: question }];

const models = (await client.models.list()).data.map((model) => model.id);
assert(models.includes("lectures"));
assert.equal((await client.models.retrieve(models[0])).id, models[0]);

const whole = await client.chat.completions.create({ model: "lectures", messages });
const { content, annotations } = whole.choices[0].message;
assert(annotations.length > 0);
for (const { type, url_citation: cited } of annotations) {
  assert.equal(type, "url_citation");
  assert.match(cited.url, /^https?:\/\//);
  assert([...content].slice(cited.start_index, cited.end_index).length > 0);
}

let text = "";
let usage = null;
const stream = await client.chat.completions.create({ model: "lectures", messages, stream: true, stream_options: { include_usage: true } });
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta.content ?? "";
  usage = chunk.usage ?? usage;
}
assert.equal(text, content);
assert(usage.total_tokens > 0);

const gathered = await client.chat.completions.stream({ model: "lectures", messages }).finalChatCompletion();
assert.equal(gathered.choices[0].message.content, content);

const vectors = await client.embeddings.create({ model: "lectures", input: ["dropout", "loss"] });
assert.equal(vectors.data.length, 2);

await assert.rejects(client.chat.completions.create({ model: "no-such-course", messages }), (error) => {
  assert(error instanceof OpenAI.NotFoundError);
  assert.match(error.message, /no-such-course/);
  assert.deepEqual([error.code, error.type], ["not_found", "invalid_request_error"]);
  return true;
});
console.log(`openai for Node: models, whole and streamed answers, ${annotations.length} annotations, embeddings and errors are read`);
