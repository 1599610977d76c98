// page.js - what the pages do better with a script; all of it works without.
// The words that it says are attributes of <body>, in the page's language. Numbers
// and times are as the reader's own kind of that language has them.
const words = document.body.dataset;
const page = document.documentElement.lang;
const language = navigator.languages.find((one) => one.split('-')[0] === page) ?? page;

function make(tag, properties) {
	return Object.assign(document.createElement(tag), properties);
}

const status = make('div', { className: 'unseen', role: 'status' });
document.body.append(status);

export function announce(text) {
	status.textContent = text;
}

// Times, as they are where the reader is.
export function localise(root) {
	const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });

	for (const time of root.querySelectorAll('time[datetime]')) {
		const at = new Date(time.dateTime);
		if (!Number.isNaN(at.getTime())) {
			time.title = time.textContent;
			time.textContent = format.format(at);
		}
	}
}

// A button after each text that is to be carried elsewhere. A browser has a
// clipboard on https and localhost alone.
export function offerCopy(root) {
	if (!navigator.clipboard)
		return;
	for (const source of root.querySelectorAll('[data-copy]:not(body)')) {
		const button = make('button', { type: 'button', className: 'quiet', textContent: words.copy });
		const items = [...source.querySelectorAll('li')];
		const text = items.length ? items.map((item) => item.textContent.trim()).join('\n') : source.textContent;

		button.addEventListener('click', async () => {
			await navigator.clipboard.writeText(text);
			button.textContent = words.copied;
			announce(words.copied);
		});
		source.after(' ', button);
	}
}

// The code of a mailed link is in the fragment, which no server sees; so is the
// address that a person has just registered with. It goes into the form and out
// of the address. Where the person has to sign in first, the tab keeps it until
// the page that it is for.
function takeFragment() {
	const field = document.querySelector('input[data-mailed]');
	const next = document.querySelector('input[name=next]');
	let fragment = location.hash.slice(1);

	if (/^(.*&)?(code|email)=/.test(fragment))
		history.replaceState(history.state, '', location.pathname + location.search);
	else
		fragment = '';
	if (!field && fragment && next)
		sessionStorage.setItem(next.value, fragment);
	if (!field)
		return;
	fragment ||= sessionStorage.getItem(location.pathname) ?? '';
	sessionStorage.removeItem(location.pathname);
	if (fragment)
		fill(field.form, new URLSearchParams(fragment.replaceAll('+', '%2B')));
}

// The name beside which a password manager saves the password. Only the link
// knows it, so without script there is no field.
function addUsername(form) {
	const field = make('div', { className: 'field' });

	field.append(make('label', { htmlFor: 'username', textContent: form.dataset.username }),
		make('input', { id: 'username', name: 'username', autocomplete: 'username', dir: 'auto', readOnly: true }));
	form.prepend(field);
}

function fill(form, given) {
	if (given.get('username') && form.dataset.username)
		addUsername(form);
	for (const [name, value] of given)
		if (['code', 'email', 'username'].includes(name) && form.elements[name])
			form.elements[name].value = value;
	form.closest('details')?.setAttribute('open', '');
	const empty = [...form.elements].find((element) => element.required && !element.value);
	// After the frame in which the browser looks at autofocus.
	requestAnimationFrame(() => (empty ?? form.querySelector('button:not([type])')).focus());
}

// A button that shows the password, and a line that says when caps lock is on.
// At submit the field is a password again, or the browser would keep it among
// the texts that it offers.
function helpPassword(input) {
	const button = make('button', { type: 'button', className: 'quiet' });
	const caps = make('p', { className: 'caps', role: 'status' });

	function show(shown) {
		input.type = shown ? 'text' : 'password';
		button.textContent = shown ? words.hide : words.show;
		button.setAttribute('aria-label', `${button.textContent}: ${input.labels[0].textContent}`);
	}
	show(false);
	button.addEventListener('click', () => show(input.type === 'password'));
	input.form.addEventListener('submit', () => show(false));
	addEventListener('pageshow', () => show(false));
	input.after(button);
	input.parentElement.after(caps);
	for (const event of ['keydown', 'keyup', 'mousedown'])
		input.addEventListener(event, (key) => {
			caps.textContent = key.getModifierState?.('CapsLock') ? words.caps : '';
		});
	input.addEventListener('blur', () => { caps.textContent = ''; });
}

// The rule of the length is ticked off; the server knows the others.
function tickOff(rule) {
	const input = document.querySelector(`[aria-describedby~="${rule.parentElement.id}"]`);
	const done = make('span', { className: 'unseen' });

	rule.append(' ', done);
	input.addEventListener('input', () => {
		const length = [...input.value.normalize('NFC')].length;
		const ok = length >= rule.dataset.min && length <= rule.dataset.max;
		if (rule.classList.contains('ok') === ok)
			return;
		rule.classList.toggle('ok', ok);
		done.textContent = ok ? words.done : '';
		announce(ok ? rule.textContent : '');
	});
}

// Counts the seconds of a 429 down, and says aloud only the minutes, and the end.
function countDown(timer) {
	const end = Date.now() + timer.dataset.wait * 1000;
	const unit = (name, value) => new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'long' }).format(value);

	function tick() {
		const left = Math.ceil((end - Date.now()) / 1000);
		const minutes = Math.floor(left / 60);

		if (left <= 0) {
			clearInterval(clock);
			timer.parentElement.textContent = words.ready;
			announce(words.ready);
			return;
		}
		timer.textContent = [minutes && unit('minute', minutes), left % 60 && unit('second', left % 60)].filter(Boolean).join(' ');
		if (left % 60 === 0)
			announce(timer.parentElement.textContent);
	}
	const clock = setInterval(tick, 1000);
	tick();
}

// A second click on a button does not send a form twice.
function sendOnce(form) {
	let sent = -Infinity;

	form.addEventListener('submit', (event) => {
		if (event.timeStamp - sent < 3000)
			event.preventDefault();
		else
			sent = event.timeStamp;
	});
	addEventListener('pageshow', () => { sent = -Infinity; });
}

takeFragment();
addEventListener('hashchange', takeFragment);
localise(document);
offerCopy(document);
document.querySelectorAll('.password input').forEach(helpPassword);
document.querySelectorAll('[data-min]').forEach(tickOff);
document.querySelectorAll('[data-wait]').forEach(countDown);
document.querySelectorAll('form[method=post]').forEach(sendOnce);
