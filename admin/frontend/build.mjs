// Bundles each entry of src/ into admin/static/built: hashed names, compressed beside, and a manifest that admin/assets.py reads.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const source = path.join(here, "src");
const target = path.join(here, "..", "static", "built");
const NOT_COMPRESSED = /\.(gz|br|json)$/;

const manifest = { files: {}, icons: [] };
await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
await bundle();
await sprite();
await compress();
await writeFile(path.join(target, "manifest.json"), JSON.stringify(manifest, null, 1) + "\n");

async function bundle() {
  const entries = (await readdir(source)).filter((name) => /\.(js|css)$/.test(name));
  const scripts = (await readdir(path.join(source, "parts"))).concat(entries).filter((name) => name.endsWith(".js"));
  const spoken = await texts([...scripts.map((name) => path.join(source, entries.includes(name) ? "" : "parts", name))]);
  const done = await build({
    entryPoints: entries.map((name) => path.join(source, name)),
    outdir: target,
    bundle: true,
    minify: true,
    format: "esm",
    splitting: true,
    target: ["es2022", "chrome111", "firefox115", "safari16.4"],
    entryNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]",
    legalComments: "linked",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  for (const file of done.outputFiles) {
    const made = path.relative(process.cwd(), file.path).split(path.sep).join("/");
    const entry = done.metafile.outputs[made]?.entryPoint;
    if (file.path.endsWith(".css")) {
      await put(path.basename(entry), ".css", withoutUnused(file.text, spoken));
      continue;
    }
    await writeFile(file.path, file.contents);
    if (entry) manifest.files[path.basename(entry)] = path.basename(file.path);
  }
}

async function texts(files) {
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
}

// The design system declares a thousand custom properties for each theme; those that nobody asks for are left out.
function withoutUnused(css, spoken) {
  const used = new Set(spoken.match(/--[\w-]+/g));
  const rest = css.replace(/--[\w-]+:/g, "");
  for (const name of rest.match(/var\(\s*--[\w-]+/g) ?? []) used.add(name.replace(/var\(\s*/, ""));
  return css.replace(/(?<=[{;])(--[\w-]+):(?:[^;{}"']|"[^"]*"|'[^']*')*(;|(?=\}))/g, (whole, name) => (used.has(name) ? whole : ""));
}

async function sprite() {
  const all = createRequire(import.meta.url)("@primer/octicons");
  const names = (await readFile(path.join(here, "icons.txt"), "utf8")).split("\n").filter(Boolean);
  const symbols = names.map((name) => {
    if (!all[name]?.heights["16"]) throw new Error(`icons.txt: the design system has no icon ${name}`);
    return `<symbol id="${name}" viewBox="0 0 16 16">${all[name].heights["16"].path}</symbol>`;
  });
  manifest.icons = names;
  await put("icons.svg", ".svg", `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
}

async function put(name, suffix, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const file = `${path.basename(name, suffix)}-${hash}${suffix}`;
  manifest.files[name] = file;
  await writeFile(path.join(target, file), text);
}

async function compress() {
  for (const name of await readdir(target)) {
    if (NOT_COMPRESSED.test(name)) continue;
    const plain = await readFile(path.join(target, name));
    await writeFile(path.join(target, `${name}.gz`), gzipSync(plain, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
    await writeFile(path.join(target, `${name}.br`), brotliCompressSync(plain, { params }));
  }
}
