// How orval's functions send a request: its own way takes the address from where the client was generated and every answer for JSON.

/** Sends a request to the API at the address in `X-Address`, which goes no further; an answer of JSON is read as such, another as text. */
export async function send<Answer>(path: string, { headers, ...options }: RequestInit): Promise<Answer> {
  const { "X-Address": address, ...rest } = headers as Record<string, string>;
  const response = await fetch(`${address}${path}`, { ...options, headers: rest });
  const text = await response.text();
  const data: unknown = /json/.test(response.headers.get("Content-Type") ?? "") ? JSON.parse(text) : text;
  return { data, status: response.status, headers: response.headers } as Answer;
}
