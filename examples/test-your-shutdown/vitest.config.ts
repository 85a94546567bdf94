// Vitest's defaults, not those of the project that this example lies in.
import { defineConfig } from 'vitest/config'

export default defineConfig({})
