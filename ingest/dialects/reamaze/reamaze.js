/*
 * Reads what the page's snippet left in `_support`, tells Uptick once who the person
 * is, and offers `reamaze.event({name, value, data})`. No dependencies, no cookies.
 */
(function () {
  'use strict';

  var TRIES = 4;
  var before = window.reamaze || {};
  if (before.isUptick) return;

  var support = window._support || {};
  var tag = document.currentScript || document.querySelector('script[src*="/assets/reamaze.js"]');
  var server = new URL(tag.src).origin;

  // Flat as in the vendor's snippet, or nested under `user`.
  var user = {};
  [support, support.user || {}].forEach(function (fields) {
    Object.keys(fields).forEach(function (name) {
      if (name !== 'account' && name !== 'user') user[name] = fields[name];
    });
  });
  var known = support.account && user.id && user.authkey;

  function send(path, body, tries, key) {
    body.account = support.account;
    var again = function () {
      if (tries > 1) {
        setTimeout(function () { send(path, body, tries - 1, key); }, 1000 * Math.pow(2, TRIES - tries));
      }
    };
    fetch(server + '/data/browser/' + path, {
      method: 'POST',
      // A click that leaves the page must not lose its event.
      keepalive: true,
      credentials: 'omit',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify(body)
    }).then(function (answer) {
      if (answer.status === 429 || answer.status >= 500) again();
      else if (!answer.ok) {
        answer.text().then(function (text) { console.warn('reamaze: ' + answer.status + ' ' + text); });
      }
    }, again);
  }

  // Kept over the tries, so that a repeat counts once.
  function newKey() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.prototype.map.call(bytes, function (byte) {
      return (256 + byte).toString(16).slice(1);
    }).join('');
  }

  function event(happened) {
    if (!known) {
      console.warn('reamaze: _support names no account, id and authkey; the event is not sent');
      return;
    }
    var who = { id: user.id, authkey: user.authkey };
    if (user.email) who.email = user.email;
    send('events', { user: who, event: happened }, TRIES, newKey());
  }

  window.reamaze = { event: event, isUptick: true };
  if (known && user.email) send('users', { user: user }, TRIES, newKey());
  // What a page has called before we were here, if it kept it in `reamaze.q`.
  (before.q || []).forEach(event);
})();
