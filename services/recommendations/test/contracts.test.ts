import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { it } from 'node:test'
import { Partitioners } from 'kafkajs'
import { Forge, sku } from '@forgeshop/forge-id'
import { murmur2, murmur2Partition } from './murmur2.js'

const Forge__Secret = 'a secret of at least 16 bytes'

it('IDs are those of the catalogue', async () => {
  const file = new URL('../../../../shared/Contracts/catalogue.json', import.meta.url)
  const catalogue = JSON.parse(await readFile(file, 'utf8')) as { domain: string; entities: Record<string, { key: unknown }> }

  // Imported here, because it reads the settings.
  Object.assign(process.env, {
    RECOMMENDATIONS_URI: 'none',
    ConnectionStrings__kafka: 'none',
    Authentication__Issuer: 'none',
    Forge__Secret,
  })
  const { domain, productId } = await import('../src/contracts.js')
  assert.equal(catalogue.domain, domain)
  assert.equal(catalogue.entities.products?.key, 'sku')
  assert.deepEqual(catalogue.entities.events?.key, { aggregate: 'uuid', type: 'text', sequence: 'int' })
  assert.deepEqual(catalogue.entities.correlations?.key, { actor: 'text', action: 'text', reference: 'text' })
  const withSecret = new Forge(domain).entity('products', { algorithm: 'v8-hmac-sha256', secret: Forge__Secret })
  assert.equal(productId('A'), withSecret.id(sku('A')))
})

it('keys are placed where the Java client places them', () => {
  // The values of Kafka's own tests (UtilsTest.testMurmur2).
  const values: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ]
  const partitioner = Partitioners.DefaultPartitioner()
  const partitionMetadata = Array.from({ length: 6 }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }))
  for (const [key, hash] of values) {
    assert.equal(murmur2(Buffer.from(key)) | 0, hash, key)
    const partition = partitioner({ topic: 'any', partitionMetadata, message: { key, value: null } })
    assert.equal(partition, murmur2Partition(key, 6), key)
  }
})
