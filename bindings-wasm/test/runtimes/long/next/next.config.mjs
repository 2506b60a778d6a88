// Next.js itself is installed in the folder above.
export default { turbopack: { root: new URL("..", import.meta.url).pathname } };
