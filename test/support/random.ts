// Seeded chance of the test kit, under the name by which the suite has known it.
export { seeded } from '../../src/testing/seeded.js'
