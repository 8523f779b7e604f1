import type { ServerResponse } from 'node:http'
import { readBody } from '@/lab/http-service'
import type { Multipart } from '@/lab/store/multipart'
import type { Objects } from '@/lab/store/objects'
import { headerOf, type S3Call } from '@/lab/store/requests'
import { S3Error } from '@/lab/store/s3-error'
import { parseXml, type XmlContent, xmlDocument } from '@/lab/xml'

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
const largestXmlBytes = 2_000_000

export type Store = { objects: Objects; multipart: Multipart; region: string }
export type Operation = (store: Store, call: S3Call, response: ServerResponse) => Promise<void> | void

export function sendXml(response: ServerResponse, name: string, content: XmlContent): void {
  const text = xmlDocument(name, namespace, content)
  response.writeHead(200, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

export function sendEmpty(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, status === 204 ? headers : { 'content-length': 0, ...headers })
  response.end()
}

export async function xmlBody(call: S3Call) {
  const body = await readBody(call.request, largestXmlBytes)
  const root = body && parseXml(body.toString('utf8'))
  if (!root) throw new S3Error('MalformedXML', 400, 'The XML you provided was not well-formed')
  return root
}

export function conditionOf(call: S3Call) {
  return { ifNoneMatch: headerOf(call.request, 'if-none-match'), ifMatch: headerOf(call.request, 'if-match') }
}
