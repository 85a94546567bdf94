// The virtual environment of the test kit, under the name by which the suite has known it.
export { VirtualEnv, type VirtualOptions } from '../../src/testing/virtual-env.js'
