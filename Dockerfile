# Untried: nobody has built this. The Debian package in a container, behind an nginx of yours that has /run/latchkey and
# /etc/latchkey as volumes, too, and its workers in the group latchkey-web. The first account, once it runs:
#   docker exec -it CONTAINER latchkey user add admin --admin
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential debhelper fakeroot
COPY . /src/latchkey
WORKDIR /src/latchkey
RUN apt-get build-dep -y --no-install-recommends ./ && dpkg-buildpackage -b -us -uc

FROM debian:12-slim
COPY --from=build /src/latchkey_*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends systemd-standalone-sysusers \
    systemd-standalone-tmpfiles spawn-fcgi /tmp/latchkey_*.deb && \
    rm -rf /tmp/*.deb /var/lib/apt/lists/* /etc/latchkey/web-key* # each installation makes a key of its own
VOLUME /etc/latchkey /var/lib/latchkey /run/latchkey
CMD latchkey web-key make && for p in /usr/libexec/latchkey/*; do spawn-fcgi -n -s "/run/latchkey/${p##*/}.sock" -M 0660 -b 64 \
    -u latchkey -g latchkey -U latchkey -G latchkey-web -- /usr/bin/multiwatch -f 2 -r 1000000 -t 1 -s TERM -- "$p" & \
    done; wait
