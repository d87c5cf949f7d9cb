/** Murmur2 as Kafka's Java client has it, and with it the partition of a key; written again, to check the client's partitioner. */
export function murmur2Partition(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
}

export function murmur2(data: Buffer): number {
  const m = 0x5bd1e995
  let hash = 0x9747b28c ^ data.length
  const blocks = data.length >> 2
  for (let block = 0; block < blocks; block++) {
    let k = Math.imul(data.readInt32LE(block * 4), m)
    k = Math.imul(k ^ (k >>> 24), m)
    hash = Math.imul(hash, m) ^ k
  }
  for (let rest = (data.length & 3) - 1; rest >= 0; rest--) hash ^= data.readUInt8(blocks * 4 + rest) << (8 * rest)
  if (data.length & 3) hash = Math.imul(hash, m)
  hash = Math.imul(hash ^ (hash >>> 13), m)
  return hash ^ (hash >>> 15)
}
