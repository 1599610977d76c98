<?php // index.php - says what it was told of the caller, as app.py does
$told = [];
foreach ($_SERVER as $name => $value) {
    $name = strtolower(strtr(preg_replace('/^HTTP_/', '', $name), '_', '-'));
    if ($value !== '' && (str_starts_with($name, 'x-auth-') || in_array($name, ['authorization', 'x-jwt-token', 'x-api-key', 'latchkey-proof'])))
        $told[$name] = $value;
}
if (isset($_GET['slow']))
    sleep((int)$_GET['slow']);
if (isset($_GET['status'])) {
    http_response_code((int)$_GET['status']);
    exit("the application's {$_GET['status']}\n");
}
header('Content-Type: application/json');
echo json_encode(['told' => (object)$told, 'host' => $_SERVER['HTTP_HOST'], 'length' => strlen(file_get_contents('php://input'))]);
