// What pages with a form made from a schema load, besides console.js.
