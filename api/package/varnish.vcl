# Diligence behind Varnish, which speaks no TLS: what has the certificate (hitch, HAProxy) stands before it and says by the
# PROXY protocol who asks: varnishd -a 127.0.0.1:6086,PROXY -f /etc/varnish/diligence.vcl. Nothing else may reach that port.
# Tell Diligence whom to believe:
# public_url = "https://register.example.org" and trusted_proxies = ["127.0.0.1"].

vcl 4.1;

backend diligence {
    .host = "127.0.0.1";
    .port = "8080";
    .first_byte_timeout = 120s;
}

sub vcl_recv {
    # Written over, not added to: what a client says of itself is not passed on.
    set req.http.X-Forwarded-For = client.ip;
    set req.http.X-Forwarded-Proto = "https";
    # Diligence gives no parts; Varnish would cut one out of an answer that may differ from what came before.
    unset req.http.Range;

    # Style, script and icon are the same for everyone, and may be kept.
    if (req.url ~ "^(/diligence)?/assets/" && (req.method == "GET" || req.method == "HEAD")) {
        unset req.http.Cookie;
        unset req.http.Authorization;
        return (hash);
    }
    # All else is somebody's. Diligence says so of each answer (private, no-store), and Varnish heeds it; what is passed on
    # is not even looked for, and is packed as Diligence has it.
    return (pass);
}
