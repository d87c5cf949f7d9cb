export function check(condition, expectation) {
  if (!condition)
    throw new Error(`expected: ${expectation}`);
}

export async function until(condition, expectation) {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    check(Date.now() < deadline, expectation);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
