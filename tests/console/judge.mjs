// Answers each line, {settings, texts, zone} as JSON, with what the browser's judge says of it: {values, window}.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { inWords, makeForm, readValue, readWindow } = await import(pathToFileURL(process.argv[2]).href);
const forms = new Map();

for await (const line of createInterface({ input: process.stdin })) {
  const { key, settings, texts, zone } = JSON.parse(line);
  if (settings) forms.set(key, { settings, judge: makeForm({ ...settings, asOf: new Date(settings.asOf) }) });
  if (texts) process.stdout.write(`${JSON.stringify(answer(forms.get(key), new Map(Object.entries(texts)), zone))}\n`);
}

function answer({ settings, judge }, texts, zone) {
  const raw = {};
  const notes = {};
  for (const [name, { described }] of judge.fields) {
    const value = readValue(name, settings.widgets[name], texts, described["x-reading"]);
    if (value !== null) raw[name] = value;
    notes[name] = inWords(judge.judgeField(name, value, zone).span, settings.widgets[name]);
  }
  const { reasons, span } = judge.judgeWindow(readWindow(texts), zone);
  return { raw, values: judge.judge(raw, zone), hidden: [...judge.hidden(raw, zone)], window: reasons, span: span ?? null, notes };
}
