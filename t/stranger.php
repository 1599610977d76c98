<?php // stranger.php - tries to be the web server, as its user: reads what it can, and asks the programs by that
// ?dir=DIR&password=PASSWORD[&proof=KEY], where DIR is of nginx-example/run. Says what it could read, whether a key was
// in it, and what `reset` answered: to a request without a key, and to one with each.

// What could hold a key: its own surroundings, the files, and what other processes of its user were started with.
function readable($dir)
{
    yield '$_SERVER' => print_r($_SERVER, true);
    yield 'getenv' => print_r(getenv(), true);
    $paths = array_merge(
        glob("$dir/*"), glob("$dir/{state,conf.d,snippets}/*", GLOB_BRACE),
        glob('/proc/[0-9]*/environ'), glob('/proc/[0-9]*/cmdline'));
    foreach (array_merge($paths, ["$dir/web-key", "$dir/web-key.nginx", "$dir/web-key.apache"]) as $path)
        if (is_file($path) && ($text = @file_get_contents($path, false, null, 0, 1 << 20)) !== false)
            yield $path => $text;
}

function record($kind, $content = '')
{
    return pack('CCnnCx', 1, $kind, 1, strlen($content), 0) . $content;
}

function pair($name, $value)
{
    return pack('NN', strlen($name) | 1 << 31, strlen($value) | 1 << 31) . $name . $value;
}

// What `reset` answers to one who says what nginx says on the machine's own server; the reason where it cannot be asked.
function reset_by($dir, $password, $proof)
{
    $body = json_encode(['password' => $password]);
    $said = ['REQUEST_METHOD' => 'POST', 'SCRIPT_NAME' => '/auth/admin/reset-password', 'REMOTE_ADDR' => '127.0.0.1',
        'HTTP_HOST' => 'localhost', 'CONTENT_TYPE' => 'application/json', 'CONTENT_LENGTH' => (string)strlen($body),
        'LATCHKEY_LOCAL' => 'yes'];
    if ($proof !== null)
        $said['LATCHKEY_PROOF'] = $proof;
    $socket = @stream_socket_client("unix://$dir/reset.sock", $number, $reason, 10);
    if (!$socket)
        return $reason;
    $pairs = implode('', array_map('pair', array_keys($said), $said));
    fwrite($socket, record(1, pack('nCx5', 1, 0)) . record(4, $pairs) . record(4) . record(5, $body) . record(5));
    $answer = stream_get_contents($socket);
    return preg_match('/Status: (\d+)/', $answer, $found) ? $found[1] : 'no answer';
}

$dir = $_GET['dir'];
$read = $keys = [];
foreach (readable($dir) as $path => $text) {
    if (str_starts_with($path, $dir))
        $read[] = substr($path, strlen($dir) + 1);
    // The request's own query apart, which has the test's.
    if (preg_match_all('/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/', str_replace($_GET['proof'] ?? '-', '', $text), $found))
        array_push($keys, ...$found[0]);
}
if (isset($_GET['proof']))
    $keys = [$_GET['proof']];
$answers = [reset_by($dir, $_GET['password'], null)];
foreach (array_unique($keys) as $key)
    $answers[] = reset_by($dir, $_GET['password'], $key);
sort($read);
header('Content-Type: application/json');
echo json_encode(['read' => implode(' ', $read), 'keys' => count($keys), 'answers' => implode(' ', $answers)],
    JSON_UNESCAPED_SLASHES);
