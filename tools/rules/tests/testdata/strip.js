function twice(n) {
  return 2 * n;
}
export {
  twice
};
