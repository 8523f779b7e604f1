/** A refusal in S3's own words. */
export class S3Error extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
  ) {
    super(message)
    this.name = 'S3Error'
  }
}

export const noSuchKey = () => new S3Error('NoSuchKey', 404, 'The specified key does not exist.')
export const noSuchBucket = () => new S3Error('NoSuchBucket', 404, 'The specified bucket does not exist')
export const noSuchUpload = () => new S3Error('NoSuchUpload', 404, 'The specified multipart upload does not exist.')
export const preconditionFailed = () =>
  new S3Error('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold')
