// Comes before every schema. They would be compiled to functions, which the policy of the page forbids; already the question whether
// they may be is reported as a breach of it.
import { z } from 'zod'

z.config({ jitless: true })
