// source:message.ts
var greeting = "hello";

// module:pinned
var pin = "release";

// source:main.ts
var target = pin;
postMessage(`${greeting}, ${target}`);
