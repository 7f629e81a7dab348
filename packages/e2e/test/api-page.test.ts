import { expect } from '@jest/globals'
import { chromium } from 'playwright-core'
import { needing } from '#needing.ts'
import { onStage } from '#stage.ts'

const BROWSER = process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium'
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update']

const inBrowser = needing(BROWSER, 'how the page of the API looks in a browser')

inBrowser(
  'the page of the API shows every call, asks nobody else, and breaks no rule of its own',
  onStage(async (stage) => {
    const { url } = await stage.directory()
    const browser = await chromium.launch({ executablePath: BROWSER, args: ARGS })
    try {
      const page = await browser.newPage()
      const asked: string[] = []
      const complaints: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      // Violations of the content security policy are told here too.
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.goto(`${url}/docs`)
      await page.locator('#operations-users-getV1UsersName').click()
      await page.getByText('Nobody holds this name').waitFor()
      const calls = await page.locator('.opblock').count()
      await page.locator('#operations-operations-getV1').click()
      await page.locator('#operations-operations-getV1 .try-out__btn').click()
      await page.locator('#operations-operations-getV1 .execute').click()
      await page.locator('#operations-operations-getV1 .live-responses-table .response').first().waitFor()
      const { PARLEY_SCREENSHOT: shot } = process.env
      if (shot !== undefined) await page.screenshot({ path: shot, fullPage: true })

      const document: { paths: Record<string, object> } = JSON.parse(await (await fetch(`${url}/openapi.json`)).text())
      expect(calls).toBe(Object.values(document.paths).flatMap((methods) => Object.keys(methods)).length)
      expect(complaints).toEqual([])
      expect(asked.filter((address) => !address.startsWith(`${url}/`) && !address.startsWith('data:'))).toEqual([])
      expect(asked).toContain(`${url}/v1`)
    } finally {
      await browser.close()
    }
  }),
)
