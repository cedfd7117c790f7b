import {
  BlobServiceClient,
  StorageRetryPolicyType,
  type ContainerClient,
  type StoragePipelineOptions,
} from '@azure/storage-blob';

/** Bounded (D19): five tries within some twenty seconds, then the request is answered 503 and the client comes again. */
const options: StoragePipelineOptions = {
  retryOptions: {
    retryPolicyType: StorageRetryPolicyType.EXPONENTIAL,
    maxTries: 5,
    retryDelayInMs: 500,
    maxRetryDelayInMs: 8000,
    tryTimeoutInMs: 60_000,
  },
  userAgentOptions: { userAgentPrefix: 'escale' },
};

/** @param account a connection string, or the account's address with the identity of this machine (managed identity) */
export async function azureContainer(
  account: { connectionString: string } | { url: string },
  container: string,
): Promise<ContainerClient> {
  if ('connectionString' in account) {
    return BlobServiceClient.fromConnectionString(account.connectionString, options).getContainerClient(container);
  }
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new BlobServiceClient(account.url, new DefaultAzureCredential(), options).getContainerClient(container);
}
